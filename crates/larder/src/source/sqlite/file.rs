//! Which file a connection has open.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// Tells a file from another of the same name. As long as it is open, no other file gets the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileIdentity {
    pub(super) device: u64,
    pub(super) inode: u64,
}

impl FileIdentity {
    /// Of the file that now has this name. It takes about a microsecond, and SQLite's files are local ones: no thread of its own.
    pub(super) fn of(path: &Path) -> io::Result<FileIdentity> {
        let metadata = fs::metadata(path).map_err(|error| {
            io::Error::new(error.kind(), format!("the database is no file: {}: {error}", path.display()))
        })?;
        Ok(FileIdentity { device: metadata.dev(), inode: metadata.ino() })
    }
}
