//! `hedgerow.toml`, as a person meets it.

#[path = "support/session.rs"]
#[macro_use]
mod session;

use session::{Folder, HOME};

/// Two findings: an unused object (a note), and a promise about nobody (a warning).
fn untidy() -> String {
    format!(
        "{HOME}use std.leaks.home\nservice forgotten = tcp 9000\nnever role.dmz -> lan\nallow lan -> router : ssh\n"
    )
}

/// A repository with a policy in a folder.
fn repository(name: &str, words: &str) -> Folder {
    let folder = Folder::new(name)
        .file("network/home.hedge", &untidy())
        .file("network/deep/er/notes.txt", "")
        .file("hedgerow.toml", words);
    folder.git(&["init", "-q"]);
    folder
}

fn inside(folder: &Folder, place: &str) -> std::mem::ManuallyDrop<Folder> {
    std::mem::ManuallyDrop::new(Folder(folder.0.join(place)))
}

#[test]
fn it_names_the_policy_from_every_folder_of_the_repository() {
    let folder =
        repository("policy", "policy = \"network/home.hedge\"\ntargets = [\"openwrt\"]\noutput = \"compiled\"\n");
    let folder = folder.file("network/home.hedge", HOME);
    let deep = inside(&folder, "network/deep/er");
    session!(folder.run("check"), deep.run("check --quiet"), deep.run("compile"));
    assert!(folder.has("compiled/openwrt/firewall") && !folder.has("compiled/nftables") && !folder.has("network/out"));
    session!(folder.run("compile network/home.hedge -o elsewhere --target nftables"), folder.run("compile --check"));
    assert!(folder.has("elsewhere/nftables/hedgerow.nft") && !folder.has("elsewhere/openwrt"));
}

#[test]
fn what_it_says_of_outputs_is_about_its_own_policy() {
    let folder =
        repository("other", "policy = \"network/home.hedge\"\ntargets = [\"openwrt\"]\noutput = \"compiled\"\n")
            .file("other/main.hedge", HOME);
    folder.run("compile other");
    assert!(folder.has("other/out/nftables/hedgerow.nft") && !folder.has("compiled"));
}

#[test]
fn it_says_what_fails() {
    let folder = repository("deny", "policy = \"network\"\ndeny = \"warning\"\nskip = [\"unused-object\"]\n")
        .file("network/main.hedge", &untidy());
    session!(
        folder.run("check"),
        folder.run("check --deny error --quiet"),
        folder.run("check --only unused-object"),
        folder.run("check --changed network/main.hedge --quiet"),
    );
}

#[test]
fn it_is_not_looked_for_beyond_the_repository() {
    let folder = Folder::new("beyond").file("hedgerow.toml", "nonsense").file("repository/main.hedge", HOME);
    let repository = inside(&folder, "repository");
    repository.git(&["init", "-q"]);
    session!(repository.run("check --quiet"), folder.run("check --quiet"));
}

#[test]
fn what_it_does_not_know_is_an_error() {
    let with = |words: &str| {
        let folder = Folder::home("wrong").file("hedgerow.toml", words);
        folder.git(&["init", "-q"]);
        folder.run("check")
    };
    session!(
        with("polcy = \"home.hedge\"\n"),
        with("[check]\ndeny = \"error\"\n"),
        with("deny = \"fatal\"\n"),
        with("policy = 7\n"),
        with("targets = [\"nftables\", \"openwert\"]\n"),
        with("skip = [\"unused-objects\"]\n"),
        with("policy = \"home.hedge\n"),
    );
}

#[test]
fn a_revision_is_enough_for_a_difference() {
    let folder = repository("diff", "policy = \"network/home.hedge\"\n");
    folder.git(&["add", "."]);
    folder.git(&["commit", "-qm", "first"]);
    std::fs::write(folder.0.join("network/home.hedge"), untidy() + "allow guest -> nas : ssh\n").unwrap();
    let deep = inside(&folder, "network/deep");
    session!(
        folder.run("diff git:HEAD"),
        deep.run("diff git:HEAD"),
        folder.run("diff git:HEAD git:HEAD:network/home.hedge")
    );
}
