//! The rules of packages.

use super::values::{plain, size};
use crate::catalogue::Package;

/// All packages of a source.
pub(super) fn check(packages: &[Package]) -> Result<(), String> {
    for (index, package) in packages.iter().enumerate() {
        check_one(package)?;
        if (packages[..index].iter()).any(|earlier| earlier.name == package.name) {
            return Err(format!("package {}: it is there twice", package.name));
        }
    }
    Ok(())
}

pub(super) fn check_one(package: &Package) -> Result<(), String> {
    plain("package", &package.name)?;
    let named = |why| format!("package {}: {why}", package.name);
    plain("version", &package.version).map_err(named)?;
    if let Some(wheel) = &package.wheel {
        plain("python", &wheel.python).map_err(named)?;
        plain("abi", &wheel.abi).map_err(named)?;
        plain("platform", &wheel.platform).map_err(named)?;
    }
    size("wheel_bytes", package.wheel_bytes).map_err(named)
}
