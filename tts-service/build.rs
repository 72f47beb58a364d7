//! espeak-ng is built with Debian's libsonic where that is installed, but its crate doesn't
//! say that it is to be linked.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-link-lib=sonic");
}
