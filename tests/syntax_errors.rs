//! Every syntax error as its reader sees it: one snapshot a theme, each case the source and below it all that one run reports.

use hedgerow::{
    diagnostic::{Human, SourceId, Sources},
    syntax::parse,
};

/// The cases of a theme with the errors of each.
fn reported(cases: &[&str]) -> String {
    let mut out = String::new();
    for case in cases {
        let mut sources = Sources::default();
        let id = sources.add("home.hedge", *case);
        let human = Human::new(&sources, false);
        out.push_str("=== source\n");
        out.push_str(case);
        out.push_str("\n--- reported\n");
        for error in &parse(id, case).errors {
            out.push_str(&human.render(error));
            out.push_str("\n\n");
        }
    }
    out
}

macro_rules! theme {
    ($name:ident: $($case:expr),+ $(,)?) => {
        #[test]
        fn $name() {
            insta::with_settings!({ omit_expression => true }, {
                insta::assert_snapshot!(stringify!($name), reported(&[$($case),+]));
            });
        }
    };
}

theme!(statements:
    "alow pc -> ha\nzon wan { role internet }",
    "Zone wan { role internet }",
    "firewall { }",
    "10.0.0.1 -> ha",
    "\"zone\" wan",
    "-> ha",
    ", pc",
);

theme!(names:
    "zone\nhost { }\ngroup = a\nservice 80 = tcp 80",
    "router 1\nvpn { }\nhome-assistant { }\nintegration\nschedule = 21:00-07:00\nranges = 10.0.0.0/8\ncheck { }\nwaive",
    "zone küche { vlan 3 }\nhost дом { }\nzone 5g-phones { vlan 4 }",
    "use\nuse 7\nuse std.services as\nuse std.services as \"x\"",
);

theme!(rules:
    "allow -> ha\nallow pc ha\nallow pc\nallow pc ->\n\nzone a { vlan 1 }",
    "allow pc -> ha :\nrouter edge { target nftables }",
    "allow pc ->\nrouter edge { target nftables }",
    "allow pc -> ha ssh\nallow pc -> ha : ssh mqtt\nallow pc -> ha { log } ssh",
    "allow pc, -> ha\nallow pc -> ha, , iot\nallow pc, laptop except -> ha\nallow except laptop -> ha",
    "allow pc ~> ha\ndeny pc = ha\nallow pc : ssh -> ha",
    "allow pc -> deny",
    "allow pc; laptop -> ha\nallow pc -> ha : ssh; mqtt\nallow pc; -> ha : ssh { log }",
    "allow pc -> 443\nallow \"pc\" -> ha\nallow pc -> 52:54:00:aa:bb:10",
    "redirect iot -> pihole\nredirect iot : dns\nredirect iot : dns -> 10.0.0.1\nredirect : dns -> pihole",
    "reflect between a, b\nreflect mdns a, b\nreflect mdns between\nreflect mdns between a { services \"x }",
);

theme!(services:
    "allow pc -> ha : 8123\nallow pc -> ha : tcp 80, allow\nallow pc -> ha : proto\nallow pc -> ha : proto esp",
    "service web tcp 80\nservice web = \nservice web = tcp 80,\nservice web = 80, 443",
    "service web = tcp 80 - 90\nservice web = tcp:80\nservice web = tcp/80\nservice web = tcp 80 from",
    "schedule night = 21:00\nschedule night = mon-fri\nschedule night 21:00-07:00\nschedule night = 21:00 - 07:00\nschedule night = 9pm-7am",
    "ranges partner 192.0.2.0/24\nranges partner from file.txt\nranges partner = \"192.0.2.0/24\"",
);

theme!(assertions:
    "never pc = ha\nalways pc ~> ha : ssh\nonly pc <-> ha : ssh\nnever pc <-> ha\nalways pc ha\nnever -> ha",
    "exposed\nexposed { tcp 443 }\nexposed { 443 -> proxy }\nexposed { tcp 443 -> proxy from }\nexposed { tcp 443 -> 10.0.0.1;  udp 1 -> ha }",
    "check x\ncheck x { never a -> }\ncheck x {\n    severity error\n    never a b\n    always a -> b : 7\n    because \"x\"\n}",
    "waive\nwaive x for { because \"y\" }\nwaive x for a -> { because \"y\" }",
    "expose ha\nexpose : web\nexpose ha :\nexpose ha : { port 1 }",
);

theme!(braces:
    "zone a {\n    role iot\n\nzone b { role iot }\n",
    "zone a {\n    role iot\n",
    "vpn a {\n    peer b {\n        key \"x\"\n\nzone c { vlan 1 }\n",
    "vpn a {\n    peer b {\n        key \"x\"\n    listen udp 1\n}\nzone c { vlan 1 }\n",
    "zone a { role iot }}\nzone b { role iot }\n}\nzone c { vlan 1 }",
    "zone a {\n    role iot }\n    vlan 3\n    isolated\n}\nzone b { vlan 4 }",
    "zone a\n{\n    role iot\n}",
    "host ha {\nzone server\naddress 10.0.0.1\n}\nhost b {\nzone server }",
    "zone a { role iot } zone b { role iot }\nzone c { vlan 1 } # fine",
    "zone a { role iot } { vlan 3 }",
    "use std.services { log }",
    "a { b { c { d { e { f { g { h { i { j { } } } } } } } } } }",
);

theme!(attributes:
    "zone a { 7 }\nzone b { role iot;  : 3;  vlan }\nzone c { \"x\" y }",
    "group a { members b, }\ngroup c { members b,;  zone d }\nexpose ha : web { through proxy : }",
    "zone a { role iot { x } vlan 3 }",
    "zone 5 {\n    role iot\n    7 8\n    = 3\n}\nallow pc -> 7 {\n    log,\n}",
    "allow a -> b { because \"no end }\nallow c -> d",
    "zone a {\n    role iot,\n    vlan 3,\n}",
);

theme!(literals:
    "zone a { network 10.0.0.256 }\nzone b { network 10.0.0/24 }\nzone c { network 10.0.0.0/33 }\nzone d { network 010.0.0.1 }",
    "zone a { network 10.0.0.1-9 }\nzone b { network 10.0.0.x }\nzone c { network 10.0.0.1-10.0.0.999 }\nzone d { network 10.0.0.0 /24 }",
    "zone a { network fd42::g }\nzone b { network fd42::/129 }\nzone c { network ::1::2 }\nzone d { network fd42::1::2 }",
    "host a { mac 52:54:00:aa:bb }\nhost b { mac 52-54-00-aa-bb-10 }\nhost c { mac 52:54:00:aa:bb:1g }",
    "allow a -> b { until 2027-1-1 }\nallow a -> b { until 31.12.2027 }\nschedule x = 24:01-25:00\nschedule y = 7-9:00",
    "vlan 99999999999999999999",
    "allow a -> b { limit 10/ }\nallow a -> b { limit 10/min/s }",
    "zone a { because \"x\\q\\u{110000}\\u{+41}\" }\nzone b { because \"open\n}\nzone c { because \"\\",
);

theme!(characters:
    "allow pc => ha\nallow pc --> ha\nallow pc \u{2192} ha\nallow pc <- ha\nallow pc > ha\nallow pc - ha\nallow pc \u{2014}> ha\nallow pc- > ha",
    "// a comment\nzone a { vlan 1 } // another\n/* more */\n",
    "use \u{201c}std.services\u{201d}\nuse 'std.services'\nuse 'std",
    "allow * -> ha\nallow pc !laptop -> ha\nallow (pc, laptop) -> [ha]\nallow pc && laptop -> ha",
    "zone a { name $x;  vlan @3 }\n\u{7}\n\u{200b}zone b { vlan 1 }",
    "allow a -> b : http://example.org",
    "service web = tcp 80 & tcp 443\nservice x == tcp 1",
);

theme!(many_at_once:
    "zone wan { role internet }\n\
     alow pc -> ha\n\
     zone küche { vlan 3 }\n\
     allow pc -> 10.0.0.300 : ssh\n\
     host ha {\n    zone server\n    address 10.0.0.1,\n    mac 52:54:00:aa:bb\n}\n\
     allow pc ha : ssh { log }\n\
     service web = 80\n\
     vpn road {\n    kind wireguard\n\
     never pc ha\n\
     exposed {\n    tcp 443 - > proxy\n    443 -> proxy\n    udp 1 -> router\n}\n\
     allow pc -> ha : ssh { because \"open }\n\
     check a { never b -> c }\n",
);

#[test]
fn a_policy_without_errors_reports_none() {
    assert_eq!(reported(&[include_str!("format/home.hedge")]).lines().last(), Some("--- reported"));
}

/// The damages of a valid policy, token by token, that are reported by more than one error.
fn told_twice(damage: impl Fn(&str) -> Option<String>) -> String {
    let text = include_str!("format/home.hedge");
    let mut found = String::new();
    for token in parse(SourceId::default(), text).tokens {
        let (start, end) = (token.span.start as usize, token.span.end as usize);
        let Some(wrong) = damage(&text[start..end]) else { continue };
        let damaged = format!("{}{wrong}{}", &text[..start], &text[end..]);
        let errors = parse(SourceId::default(), &damaged).errors;
        if errors.len() > 1 {
            let messages: Vec<String> = errors.into_iter().map(|error| error.message).collect();
            found.push_str(&format!(
                "line {}, `{}`: {}\n",
                text[..start].matches('\n').count() + 1,
                text[start..end].escape_debug(),
                messages.join("; ")
            ));
        }
    }
    found
}

/// Something in the place of a brace is two mistakes: a thing too many and a brace too few.
fn no_brace(token: &str) -> bool {
    !matches!(token, "{" | "}")
}

// One run must not report what only follows from another error. One token of a valid policy that is wrong is one mistake.

#[test]
fn a_token_that_is_missing_is_one_error() {
    assert_eq!(told_twice(|_| Some(" ".to_owned())), "");
}

#[test]
fn a_token_that_stands_twice_is_one_error() {
    assert_eq!(told_twice(|token| Some(format!("{token} {token}"))), "");
}

#[test]
fn a_token_that_is_unreadable_is_one_error() {
    assert_eq!(told_twice(|token| no_brace(token).then(|| " $ ".to_owned())), "");
}

#[test]
fn a_wrong_sign_is_one_error() {
    for sign in ["->", "<->", "~>", ":", "=", ",", "443", "\"x\""] {
        assert_eq!(
            told_twice(|token| no_brace(token).then(|| format!(" {sign} "))),
            "",
            "{sign} in the place of every token"
        );
    }
}
