//! Has the crate built again when a migration changes: the macro that embeds them cannot ask for it itself.

fn main() {
    println!("cargo::rerun-if-changed=migrations");
}
