//! Makes policies out of a list of choices, so that proptest can shrink them: fewer or smaller choices, simpler policies.

/// The choices that are left; when there are no more, the first possibility is taken.
pub struct Choices<'a> {
    list: std::slice::Iter<'a, u16>,
    comments: usize,
}

impl<'a> Choices<'a> {
    pub fn new(list: &'a [u16]) -> Self {
        Self { list: list.iter(), comments: 0 }
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::from(self.list.next().copied().unwrap_or(0)) % limit
    }

    fn of<'t>(&mut self, all: &[&'t str]) -> &'t str {
        let at = self.below(all.len());
        all[at]
    }

    fn once_in(&mut self, limit: usize) -> bool {
        self.below(limit) == limit - 1
    }
}

const NAMES: [&str; 12] = [
    "pc",
    "ha",
    "a",
    "front-door",
    "log",
    "std.services",
    "x1",
    "role.iot",
    "abc",
    "fd42",
    "a-very-long-name-for-a-host-in-the-cellar",
    "router",
];
const ADDRESSES: [&str; 9] = [
    "10.0.0.1",
    "10.0.0.0/8",
    "10.0.30.9-10.0.30.20",
    "FD42::A",
    "fd42::/64",
    "::1",
    "::",
    "fd42::1-fd42::9",
    "2001:DB8:0:0:1:2:3:4",
];
const PORTS: [&str; 4] = ["443", "1", "8000-8010", "65535"];
const TEXTS: [&str; 6] =
    ["\"\"", "\"a { b ; # c\"", "\"\\\"\\\\ \\n\\t\"", "\"\\u{1F512}\\u{7}\"", "\"ü \"", "\"-> , :\""];
const ARGUMENTS: [&str; 18] = [
    "10/minute",
    "8/0",
    "2026.11",
    "52:54:00:AA:BB:10",
    "aa:bb:cc:dd:ee:ff",
    "2027-01-31",
    "21:00",
    "21:00-07:00",
    "007",
    "8000-8010",
    "443",
    "dhcp",
    "eth1.10",
    "_googlecast._tcp",
    "10.0.0.1",
    "fd42::/64",
    "zone",
    "never",
];
const COMMENTS: [&str; 5] = ["#", "# words", "#  { ; } \"", "#\u{a0}ü -> b, ", "#!"];

/// A valid policy with random layout.
pub fn policy(choices: &mut Choices) -> String {
    let mut writer = Writer { choices, text: String::new(), lines: true };
    if writer.choices.once_in(3) {
        writer.gap();
    }
    let count = writer.choices.below(9);
    for _ in 0..=count {
        statement(&mut writer);
        writer.end(true);
    }
    writer.text
}

/// Words, literals and signs in any order, in lines.
pub fn soup(choices: &mut Choices) -> String {
    const SIGNS: [&str; 24] = [
        "{", "}", ",", ":", "=", "->", "<->", "~>", ";", "\n", "\n", "\n", "# c", "\"", "ü", "=>", "-", "//",
        "\u{2192}", "\r\n", "*", "from", "except", "as",
    ];
    let mut text = String::new();
    for _ in 0..choices.below(120) {
        text.push_str(match choices.below(6) {
            0 => choices.of(&hedgerow::syntax::STATEMENTS),
            1 => choices.of(&NAMES),
            2 => choices.of(&ADDRESSES),
            3 => choices.of(&ARGUMENTS),
            _ => choices.of(&SIGNS),
        });
        if !choices.once_in(4) {
            text.push(' ');
        }
    }
    text
}

struct Writer<'c, 'a> {
    choices: &'c mut Choices<'a>,
    text: String,
    /// May newlines be written here? Not in braces in one line.
    lines: bool,
}

impl Writer<'_, '_> {
    fn spaces(&mut self) {
        let spaces = self.choices.of(&[" ", "  ", "\t", "   "]);
        self.text.push_str(spaces);
    }

    fn word(&mut self, word: &str) {
        if self.text.ends_with(|last: char| !last.is_whitespace()) {
            self.spaces();
        }
        self.text.push_str(word);
    }

    fn one(&mut self, words: &[&str]) {
        let word = self.choices.of(words);
        self.word(word);
    }

    /// A sign, with or without spaces.
    fn sign(&mut self, sign: &str) {
        if sign == ":" || self.choices.once_in(2) {
            self.spaces();
        }
        self.text.push_str(sign);
        if sign == ":" {
            self.spaces();
        }
    }

    /// A sign behind which the statement may go on in the next line.
    fn operator(&mut self, sign: &str) {
        self.sign(sign);
        if self.lines && self.choices.once_in(6) {
            self.gap();
            self.text.push(' ');
        } else if self.choices.once_in(2) {
            self.spaces();
        }
    }

    fn comment(&mut self) {
        let comment = self.choices.of(&COMMENTS);
        self.choices.comments += 1;
        self.text.push_str(&format!("{comment}{}", self.choices.comments));
    }

    /// Comments and newlines, at least one newline.
    fn gap(&mut self) {
        for _ in 0..=self.choices.below(4) {
            if self.choices.once_in(3) {
                self.spaces();
            }
            if self.choices.once_in(3) {
                self.comment();
            }
            self.text.push_str(if self.choices.once_in(5) { "\r\n" } else { "\n" });
        }
    }

    /// The end of a statement, or of an attribute.
    fn end(&mut self, statement: bool) {
        if !self.lines {
            self.sign(";");
            return;
        }
        match self.choices.below(6) {
            0 => self.sign(";"),
            1 => {
                self.sign(";");
                self.gap();
            }
            _ => self.gap(),
        }
        if !statement {
            self.text.push(' ');
        }
    }

    fn list(&mut self, mut one: impl FnMut(&mut Self)) {
        one(self);
        let more = if self.choices.once_in(12) { 14 } else { self.choices.below(3) };
        for _ in 0..more {
            self.operator(",");
            one(self);
        }
    }

    fn braces(&mut self, mut entry: impl FnMut(&mut Self)) {
        self.sign("{");
        let outer = self.lines;
        self.lines = outer && self.choices.once_in(2);
        if self.lines && self.choices.once_in(2) {
            self.gap();
        }
        self.text.push(' ');
        let count = self.choices.below(4);
        for at in 0..count {
            entry(self);
            if at + 1 < count || self.choices.once_in(3) {
                self.end(false);
            }
        }
        self.sign("}");
        self.lines = outer;
    }
}

fn term(writer: &mut Writer) {
    if writer.choices.once_in(3) { writer.one(&ADDRESSES) } else { writer.one(&NAMES) }
}

fn side(writer: &mut Writer) {
    writer.list(term);
    if writer.choices.once_in(5) {
        writer.word("except");
        writer.list(term);
    }
}

fn item(writer: &mut Writer) {
    match writer.choices.below(6) {
        0 | 1 => writer.one(&NAMES[..7]),
        2 | 3 => {
            writer.one(&["tcp", "udp", "sctp"]);
            if writer.choices.once_in(4) {
                return;
            }
            writer.list(|writer| writer.one(&PORTS));
            if writer.choices.once_in(4) {
                writer.word("from");
                writer.list(|writer| writer.one(&PORTS));
            }
        }
        4 => {
            writer.one(&["icmp", "icmpv6"]);
            if writer.choices.once_in(2) {
                writer.one(&["8", "8/0"]);
            }
        }
        _ => {
            writer.word("proto");
            writer.one(&["50", "0"]);
        }
    }
}

fn services(writer: &mut Writer) {
    writer.operator(":");
    writer.list(item);
}

fn attribute(writer: &mut Writer, depth: usize) {
    writer.one(&["role", "log", "because", "zone", "members", "peer", "a", "never"]);
    for _ in 0..writer.choices.below(3) {
        match writer.choices.below(4) {
            0 => writer.one(&ARGUMENTS),
            1 => writer.one(&TEXTS),
            2 => writer.list(|writer| writer.one(&ARGUMENTS)),
            _ => {
                writer.one(&NAMES);
                let sign = writer.choices.of(&[",", ":", "->", "=", "~>", "<->"]);
                writer.operator(sign);
                writer.one(&ARGUMENTS);
            }
        }
    }
    if depth < 4 && writer.choices.once_in(6) {
        writer.braces(|writer| attribute(writer, depth + 1));
    }
}

fn body(writer: &mut Writer) {
    if writer.choices.once_in(2) {
        writer.braces(|writer| attribute(writer, 0));
    }
}

fn assertion(writer: &mut Writer) {
    let kind = writer.choices.of(&["never", "always", "only"]);
    writer.word(kind);
    side(writer);
    let arrow = if kind == "never" { writer.choices.of(&["->", "~>"]) } else { "->" };
    writer.operator(arrow);
    side(writer);
    if writer.choices.once_in(2) {
        services(writer);
    }
}

fn statement(writer: &mut Writer) {
    match writer.choices.below(16) {
        0..=2 => {
            writer.one(&["allow", "deny"]);
            side(writer);
            let arrow = writer.choices.of(&["->", "->", "<->"]);
            writer.operator(arrow);
            side(writer);
            if writer.choices.once_in(2) {
                services(writer);
            }
            body(writer);
        }
        3 | 4 => {
            writer.one(&["zone", "host", "router", "integration", "vpn", "home-assistant", "group"]);
            writer.one(&NAMES);
            body(writer);
        }
        5 => {
            writer.word("use");
            if writer.choices.once_in(2) {
                writer.one(&TEXTS);
            } else {
                writer.one(&NAMES);
            }
            if writer.choices.once_in(2) {
                writer.word("as");
                writer.one(&NAMES);
            }
        }
        6 => {
            writer.word("service");
            writer.one(&NAMES);
            writer.operator("=");
            writer.list(item);
            body(writer);
        }
        7 => {
            writer.word("schedule");
            writer.one(&NAMES);
            writer.operator("=");
            writer.list(|writer| {
                for at in 0..writer.choices.below(3) {
                    if at > 0 {
                        writer.operator(",");
                    }
                    writer.one(&["mon-fri", "sat", "sun"]);
                }
                writer.one(&["21:00-07:00", "0:00-24:00"]);
            });
        }
        8 => {
            writer.word("ranges");
            writer.one(&NAMES);
            if writer.choices.once_in(2) {
                writer.word("from");
                writer.one(&TEXTS);
            } else {
                writer.operator("=");
                writer.list(term);
            }
        }
        9 => {
            writer.word("expose");
            writer.one(&NAMES);
            services(writer);
            body(writer);
        }
        10 => {
            writer.word("redirect");
            side(writer);
            services(writer);
            writer.operator("->");
            writer.one(&NAMES);
            body(writer);
        }
        11 => {
            writer.word("reflect");
            writer.one(&["mdns", "ssdp"]);
            writer.word("between");
            writer.list(|writer| writer.one(&NAMES[..11]));
            body(writer);
        }
        12 => assertion(writer),
        13 => {
            writer.word("exposed");
            writer.braces(|writer| {
                writer.list(item);
                writer.operator("->");
                writer.one(&NAMES);
                if writer.choices.once_in(2) {
                    services(writer);
                }
                if writer.choices.once_in(2) {
                    writer.word("from");
                    writer.list(term);
                }
            });
        }
        14 => {
            writer.word("check");
            writer.one(&NAMES);
            writer.braces(|writer| {
                if writer.choices.once_in(2) { assertion(writer) } else { writer.one(&["because", "severity"]) }
            });
        }
        _ => {
            writer.word("waive");
            writer.one(&NAMES);
            if writer.choices.once_in(2) {
                writer.word("for");
                side(writer);
                if writer.choices.once_in(2) {
                    writer.operator("->");
                    side(writer);
                }
            }
            body(writer);
        }
    }
}
