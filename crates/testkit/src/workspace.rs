//! Where this workspace and its build output lie.

use std::env;
use std::path::{Path, PathBuf};

/// The folder of the workspace's `Cargo.toml`.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("this crate is in crates/testkit")
}

/// Cargo's build folder: the one that the running test lies in, wherever `CARGO_TARGET_DIR` put it.
pub(crate) fn target() -> PathBuf {
    let program = env::current_exe().expect("Linux tells a process its own path");
    let cargo_made = |folder: &&Path| folder.join("CACHEDIR.TAG").is_file();
    program.ancestors().find(cargo_made).map_or_else(|| root().join("target"), Path::to_path_buf)
}

#[cfg(test)]
mod tests {
    use super::{root, target};
    use std::env;

    #[test]
    fn the_root_holds_the_lock_file_and_the_target_this_test() {
        assert!(root().join("Cargo.lock").is_file());
        assert!(env::current_exe().unwrap().starts_with(target()));
    }
}
