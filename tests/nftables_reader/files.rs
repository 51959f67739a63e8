//! Whole files: commands, variables, listings, refusals.

use hedgerow::{
    packet::Space,
    router::Limits,
    target::nftables::read::{ReadError, read_with},
};

use crate::support::{case, forward, house, refused};

const WEB: &str = "lan 192.168.10.5 > 192.168.30.10 tcp 443";
const SSH: &str = "lan 192.168.10.5 > 192.168.30.10 tcp 22";

#[test]
fn variables() {
    case(
        "define PORTS = { 80,
             443 }
         define more = { $PORTS, 8080 }
         define inside = \"lan\"
         define PRIO = -5
         table inet t {
            define here = 192.168.30.0/24
            chain f { type filter hook forward priority $PRIO; policy drop;
                iifname $inside ip daddr $here tcp dport { $more, 1 } accept
            }
         }",
    )
    .exact()
    .open(&[WEB])
    .closed(&[SSH]);
}

#[test]
fn replacing_a_table() {
    let text = "table inet t
        delete table inet t
        table inet t {
            chain f { type filter hook forward priority 0; policy drop;
                tcp dport 443 accept
            }
        }";
    case(text).exact().open(&[WEB]).closed(&[SSH]);
    case(&format!("{text}\nflush ruleset\n")).exact().open(&[SSH]);
    case(&format!("{text}\nflush table inet t\n")).exact().closed(&[WEB]);
    case(&format!("{text}\ndestroy table inet t\n")).exact().open(&[SSH]);
    case(&format!("{text}\ntable inet t {{\n chain f {{\n tcp dport 22 accept\n }}\n}}\n")).exact().open(&[WEB, SSH]);
    case(&text.replace("type filter", "comment \"x\"\n type filter").replace("chain f", "flags dormant\n chain f"))
        .exact()
        .open(&[SSH]);
}

#[test]
fn one_command_a_line() {
    case(
        "#!/usr/sbin/nft -f
        add table inet t
        add chain inet t f { type filter hook forward priority filter + 5 ; policy drop ; }
        add set inet t ports { type inet_service ; flags interval ; }
        add element inet t ports { 400-500 }
        add rule inet t f tcp dport @ports accept
        insert rule inet t f tcp dport 450 drop",
    )
    .exact()
    .open(&[WEB])
    .closed(&[SSH, "lan 192.168.10.5 > 192.168.30.10 tcp 450"]);
}

#[test]
fn a_listing() {
    case(
        "table inet t { # handle 4
	set s { # handle 2
		type ipv4_addr
		size 65535
		flags interval
		counter
		elements = { 192.168.10.0/24 counter packets 0 bytes 0,
			     192.168.20.0/24 counter packets 5 bytes 300 comment \"x\" }
	}

	chain f { # handle 1
		type filter hook forward priority filter; policy drop;
		ip saddr @s tcp dport 443 counter packets 7 bytes 420 log prefix \"web: \" flags all accept comment \"a # b\" # handle 7
		tcp flags & (fin | syn | rst | ack) == syn tcp option maxseg size set rt mtu # handle 8
		meta l4proto tcp reject with tcp reset # handle 9
		reject with icmpx admin-prohibited
	}
}
",
    )
    .exact()
    .open(&[WEB])
    .closed(&[SSH]);
}

#[test]
fn includes() {
    let include = |path: &str| (path == "./ports.nft").then(|| "define P = 443\n".to_owned());
    let text = "include \"./ports.nft\"\ntable inet t {\n chain f { type filter hook forward priority 0; policy drop;\n tcp dport $P accept\n }\n}";
    let mut space = Space::new();
    let reading = read_with(text, &include, &house(), &mut Limits::default(), &mut space).unwrap();
    assert!(reading.is_exact());
    let other = refused("include \"/etc/nftables.d/*.nft\"\n");
    assert_eq!(other, ReadError::Include { line: 1, path: "/etc/nftables.d/*.nft".into() });
}

#[test]
fn what_nft_would_refuse() {
    let chain = |rule: &str| {
        refused(&format!("table inet t {{\n chain f {{ type filter hook forward priority 0\n {rule}\n }}\n}}"))
    };
    let missing = |kind, name: &str| ReadError::Missing { line: 3, kind, name: name.into(), table: "t".into() };
    assert_eq!(chain("ip saddr @nobody accept"), missing("set or map", "nobody"));
    assert_eq!(chain("jump nowhere"), missing("chain", "nowhere"));
    assert_eq!(chain("tcp dport vmap { 22 : goto nowhere }"), missing("chain", "nowhere"));
    assert_eq!(chain("jump f"), ReadError::CallDepth { line: 2, name: "f".into() });
    assert_eq!(chain("tcp dport $x accept"), ReadError::UndefinedVariable { line: 3, name: "x".into() });
    assert!(matches!(refused("table inet t {\n chain f {\n accept\n"), ReadError::Syntax { .. }));
    assert!(matches!(refused("hello world\n"), ReadError::Syntax { line: 1, column: 1, .. }));
    assert!(matches!(refused("table inet t { } }"), ReadError::Syntax { .. }));
    assert!(matches!(refused("\u{0}"), ReadError::Syntax { line: 1, column: 1, .. }));
    let deep = format!(
        "table inet t {{\n chain f {{\n tcp dport {}1{} accept\n }}\n}}",
        "(".repeat(100_000),
        ")".repeat(100_000)
    );
    assert!(matches!(refused(&deep), ReadError::Syntax { line: 3, .. }));
    assert!(matches!(refused("delete rule inet t f handle 4"), ReadError::Command { line: 1, .. }));
}

#[test]
fn errors_have_sentences() {
    let error = refused("table inet t {\n chain f { type filter hook sideways priority 0\n }\n}");
    assert_eq!(error.to_string(), "line 2, column 29: expected the name of a hook, found `sideways`");
}

#[test]
fn what_is_noted() {
    let case = forward("ip6 nexthdr tcp accept\n flow add @ft\n");
    assert_eq!(case.reading.notes.iter().map(|note| note.line).collect::<Vec<_>>(), [4, 5]);
}

#[test]
fn translations_come_after_connections_are_known() {
    let chain = |priority: &str| {
        format!("table ip t {{\n chain c {{\n type nat hook prerouting priority {priority}\n }}\n}}\n")
    };
    let error = crate::support::refused(&chain("-200")).to_string();
    assert!(error.starts_with("line 2: chain `c` would translate before connections are known"), "{error}");
    crate::support::case(&chain("-199"));
}
