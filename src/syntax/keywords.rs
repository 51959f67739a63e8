//! The reserved words.

/// The words that start a statement.
pub const STATEMENTS: [&str; 22] = [
    "use",
    "router",
    "zone",
    "host",
    "group",
    "service",
    "integration",
    "schedule",
    "ranges",
    "allow",
    "deny",
    "expose",
    "vpn",
    "redirect",
    "reflect",
    "home-assistant",
    "never",
    "always",
    "only",
    "exposed",
    "check",
    "waive",
];

/// The names that every policy has.
pub const BUILT_IN: [&str; 4] = ["any", "router", "internet", "private"];

/// May nothing be declared under this name? `home-assistant` starts a statement, yet is a service as well.
#[must_use]
pub fn reserved(word: &str) -> bool {
    word != "home-assistant"
        && (STATEMENTS.contains(&word)
            || BUILT_IN.contains(&word)
            || word == "role"
            || word == "std"
            || word.starts_with("role.")
            || word == "except")
}
