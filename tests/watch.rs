//! `hedgerow watch` sees what editors do to files.

#[path = "support/session.rs"]
#[macro_use]
mod session;

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    time::Duration,
};

use session::{Folder, HOME};

/// A run that ends with the test.
struct Watch {
    child: Child,
    lines: Receiver<String>,
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Watch {
    fn start(folder: &Folder, arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_hedgerow"))
            .arg("watch")
            .args(arguments)
            .current_dir(&folder.0)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = channel();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        std::thread::spawn(move || stderr.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { child, lines }
    }

    /// What is said until it waits for the next change.
    fn round(&self) -> String {
        let mut text = String::new();
        loop {
            let line = self.lines.recv_timeout(Duration::from_secs(60)).expect("a round within a minute");
            assert!(!line.contains('\u{1b}'), "no terminal, no controls: {line}");
            let last = line.starts_with("watching ");
            text += &(line + "\n");
            if last {
                return text;
            }
        }
    }
}

#[test]
fn every_change_of_a_part_is_a_round() {
    let main = format!("use \"./names.hedge\"\n{HOME}");
    let folder = Folder::new("rounds").file("main.hedge", &main).file("names.hedge", "service extra = tcp 9000\n");
    let watch = Watch::start(&folder, &[]);
    let first = watch.round();
    assert!(first.contains("main.hedge: 0 errors") && first.contains("watching 3 files"), "{first}");
    // Written in place.
    fs::write(folder.0.join("main.hedge"), main.replace("allow iot        -> ha : mqtt", "")).unwrap();
    let second = watch.round();
    assert!(second.contains("error[always-failed]"), "{second}");
    // Another file in its place, as many editors do.
    fs::write(folder.0.join("new"), &main).unwrap();
    fs::rename(folder.0.join("new"), folder.0.join("main.hedge")).unwrap();
    let third = watch.round();
    assert!(third.contains("main.hedge: 0 errors"), "{third}");
    // A part of the policy.
    fs::write(folder.0.join("names.hedge"), "service extra = tcp 99999\n").unwrap();
    let fourth = watch.round();
    assert!(fourth.contains("names.hedge:1:"), "{fourth}");
    // What it does not use is no matter: the next round is that of the change after it.
    fs::write(folder.0.join("notes.txt"), "milk").unwrap();
    fs::remove_file(folder.0.join("names.hedge")).unwrap();
    let fifth = watch.round();
    assert!(fifth.contains("`names.hedge`"), "{fifth}");
    fs::write(folder.0.join("names.hedge"), "service extra = tcp 9000\n").unwrap();
    let sixth = watch.round();
    assert!(sixth.contains("main.hedge: 0 errors"), "{sixth}");
}

#[test]
fn it_compiles_what_is_clean() {
    let folder = Folder::home("compiles");
    let watch = Watch::start(&folder, &["--compile"]);
    assert!(watch.round().contains("proven equal"));
    let before = folder.read("out/nftables/hedgerow.nft");
    let leaky = HOME.replace("allow iot        -> ha", "allow guest, iot -> ha");
    fs::write(folder.0.join("main.hedge"), &leaky).unwrap();
    assert!(!watch.round().contains("proven equal"), "a promise is broken");
    assert!(folder.read("out/nftables/hedgerow.nft") == before, "nothing is written");
    fs::write(folder.0.join("main.hedge"), HOME.replace("port 8443", "port 9443")).unwrap();
    watch.round();
    assert!(folder.read("out/nftables/hedgerow.nft") == before, "`exposed` says otherwise");
    fs::write(folder.0.join("main.hedge"), HOME.replace(": mqtt", ": ssh")).unwrap();
    assert!(watch.round().contains("proven equal"));
    assert!(folder.read("out/nftables/hedgerow.nft") != before, "it is written anew");
}

#[test]
fn what_cannot_be_watched() {
    let folder = Folder::home("cannot");
    session!(folder.run("watch -"), folder.run("watch --changed main.hedge"));
}
