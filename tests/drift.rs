//! Routers that are no longer what was compiled, as their owners find them: what `verify` says, line by line.

#[path = "support/session.rs"]
mod session;

use session::Folder;

/// A house, compiled, and its rules changed in these ways: a name, and what is put in the place of what, or behind all.
fn drifted(name: &str, changes: &[(&str, &str, &str)], more: &[(&str, &str)]) -> String {
    let folder = Folder::home(name);
    folder.run("compile");
    let text = folder.read("out/nftables/hedgerow.nft");
    let mut told = Vec::new();
    let edited = changes.iter().map(|(name, from, to)| {
        assert!(text.contains(from), "{from} is not in\n{text}");
        (*name, text.replacen(from, to, 1))
    });
    let added = more.iter().map(|(name, table)| (*name, format!("{text}\n{table}")));
    for (name, text) in edited.chain(added) {
        std::fs::write(folder.0.join(name), text).unwrap();
        told.push(folder.run(&format!("verify . --target nftables {name}")));
    }
    told.join("\n")
}

#[test]
fn the_lines_that_led_there_are_named() {
    insta::assert_snapshot!(drifted(
        "led",
        &[
            ("translated-elsewhere.nft", "dnat ip to 10.0.10.10:443", "dnat ip to 10.0.10.11:443"),
            (
                "an-element-more.nft",
                "elements = {\n\t\t\t10.0.30.0/24 . 10.0.10.10 . tcp . 1883",
                "elements = {\n\t\t\t10.0.30.0/24 . 10.0.10.77 . tcp . 445,\n\t\t\t10.0.30.0/24 . 10.0.10.10 . tcp . 1883"
            ),
        ],
        &[(
            "not-tracked.nft",
            "table inet extra {\n\tchain pre {\n\t\ttype filter hook prerouting priority raw; policy accept;\n\t\tudp dport 53 notrack\n\t}\n}\n"
        ),],
    ));
}

#[test]
fn helpers_let_in_what_others_name() {
    insta::assert_snapshot!(drifted(
        "helper",
        &[],
        &[(
            "helper.nft",
            "table inet extra {\n\tct helper ftp-std {\n\t\ttype \"ftp\" protocol tcp\n\t}\n\tchain pre {\n\t\ttype filter hook prerouting priority filter; policy accept;\n\t\tiifname \"eth1.30\" tcp dport 21 ct helper set \"ftp-std\"\n\t\tiifname \"eth1.10\" tcp dport 1883 ct helper set \"ftp-std\"\n\t}\n}\n",
        )],
    ));
}

/// Tables of other programs: what the policy does not speak of is no difference, and a ban is one.
#[test]
fn what_other_programs_add() {
    insta::assert_snapshot!(drifted(
        "others",
        &[],
        &[
            (
                "docker-nat.nft",
                "table ip nat {\n\tchain DOCKER {\n\t\tiifname != \"docker0\" tcp dport 8080 dnat to 172.17.0.2:80\n\t}\n\tchain POSTROUTING {\n\t\ttype nat hook postrouting priority srcnat; policy accept;\n\t\tip saddr 172.17.0.0/16 oifname != \"docker0\" masquerade\n\t}\n}\n",
            ),
            (
                "fail2ban.nft",
                "table inet f2b-table {\n\tset addr-set-sshd {\n\t\ttype ipv4_addr\n\t\telements = { 198.51.100.5 }\n\t}\n\tchain f2b-chain {\n\t\ttype filter hook input priority filter - 1; policy accept;\n\t\tiifname \"eth0\" tcp dport 22 ip saddr @addr-set-sshd reject\n\t}\n}\n",
            ),
            (
                "copied.nft",
                "table inet extra {\n\tchain copies {\n\t\ttype filter hook postrouting priority mangle; policy accept;\n\t\tiifname \"eth1.30\" dup to 10.0.10.9\n\t}\n}\n",
            ),
        ],
    ));
}
