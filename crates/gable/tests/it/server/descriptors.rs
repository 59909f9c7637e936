//! A process that has no file descriptors left.

use std::fs::{self, File};
use std::process::Command;

use gable::clock;

use super::rig::{HELLO, Rig, patient, soon};

/// Needs a process of its own, as its limit is that of the process: runs itself again in one.
#[test]
fn running_out_of_file_descriptors_neither_ends_the_server_nor_makes_it_spin() {
    if most_open_files() <= FEW {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
            .block_on(exhaust_and_recover());
        return;
    }
    let name =
        "server::descriptors::running_out_of_file_descriptors_neither_ends_the_server_nor_makes_it_spin";
    let status = Command::new("sh")
        .args(["-c", &format!("ulimit -n {FEW}; exec \"$0\" --exact {name}")])
        .arg(std::env::current_exe().unwrap())
        .status()
        .unwrap();
    assert!(status.success());
}

const FEW: u64 = 64;

fn most_open_files() -> u64 {
    let limits = fs::read_to_string("/proc/self/limits").unwrap();
    let line = limits.lines().find(|it| it.starts_with("Max open files")).unwrap();
    line.split_whitespace().nth(3).unwrap().parse().unwrap_or(u64::MAX)
}

async fn exhaust_and_recover() {
    let limits = patient();
    let rig = Rig::start(limits).await;
    rig.client().await.request(HELLO).await;
    let mut files: Vec<_> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
    files.pop();
    let before = clock::now();
    // Takes the last descriptor for the client's end; there is none for the server's.
    let mut client = rig.client_with(HELLO).await;
    let failures = async {
        while rig.counts.accept_errors() < 3 {
            tokio::task::yield_now().await;
        }
    };
    soon(failures).await;
    assert!(clock::now() - before >= limits.accept_rest_time * 2);
    drop(files);
    assert_eq!(client.answer().await.body, "hello");
}
