//! What a process has written, readable while it goes on writing.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::process::Stdio;

/// One stream of a process' output.
///
/// A file without a name rather than a pipe: a process that writes much never waits for us, nothing has to read
/// along, and the file is gone with its last user.
#[derive(Debug)]
pub(crate) struct Capture {
    file: File,
}

impl Capture {
    pub(crate) fn new() -> Self {
        Self { file: tempfile::tempfile().expect("the temporary folder can be written to") }
    }

    /// The end that the process writes to.
    pub(crate) fn writer(&self) -> Stdio {
        self.file.try_clone().expect("a file descriptor can be copied").into()
    }

    /// Everything so far. Bytes that are no UTF-8 are replaced.
    pub(crate) fn text(&self) -> String {
        let length = self.file.metadata().expect("an open file has metadata").len();
        let mut bytes = vec![0; usize::try_from(length).expect("output fits into memory")];
        // At a position of our own: writer and reader share the file's cursor.
        self.file.read_exact_at(&mut bytes, 0).expect("output only grows");
        String::from_utf8_lossy(&bytes).into_owned()
    }
}
