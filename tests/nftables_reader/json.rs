//! The JSON of nft: what a person sees of it, and what is not understood. That it says the same as the text is held in
//! `tests/foreign.rs`, with what nft prints.

use hedgerow::{
    packet::Space,
    router::{Facts, File, Limits, Tracked},
    target::nftables::read::{json, read_any},
};

use crate::support::{house, packet};

fn ruleset(rules: &str) -> String {
    format!(
        r#"{{"nftables": [{{"metainfo": {{"version": "1.0.6"}}}},
        {{"table": {{"family": "inet", "name": "t", "handle": 1}}}},
        {{"chain": {{"family": "inet", "table": "t", "name": "f", "handle": 1, "type": "filter", "hook": "forward", "prio": 0, "policy": "drop"}}}},
        {rules}]}}"#
    )
}

fn rule(expressions: &str) -> String {
    ruleset(&format!(
        r#"{{"rule": {{"family": "inet", "table": "t", "chain": "f", "handle": 7, "expr": [{expressions}]}}}}"#
    ))
}

fn facts(text: &str, space: &mut Space) -> Facts {
    let files = [File { name: "live.json".into(), text: text.into() }];
    read_any(&files, &house(), &mut Limits::default(), space).unwrap().facts(space)
}

const SSH: &str = r#"{"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 22}}"#;

#[test]
fn what_is_not_understood_is_never_left_out() {
    let packet = packet(&house(), "lan 192.168.10.5 > 192.168.30.10 tcp 22");
    for (expressions, wanted) in [
        (format!(r#"{SSH}, {{"accept": null}}"#), (true, true)),
        (format!(r#"{SSH}, {{"counter": {{"packets": 1, "bytes": 2}}}}, {{"drop": null}}"#), (false, false)),
        (format!(r#"{SSH}, {{"xt": {{"type": "match", "name": "owner"}}}}, {{"accept": null}}"#), (false, true)),
        (format!(r#"{SSH}, {{"xt": null}}"#), (false, true)),
        (format!(r#"{SSH}, {{"frobnicate": {{"a": "\" accept"}}}}"#), (false, true)),
        (
            format!(
                r#"{SSH}, {{"match": {{"op": "==", "left": {{"osf": {{}}}}, "right": "Linux"}}}}, {{"accept": null}}"#
            ),
            (false, true),
        ),
        (
            format!(
                r#"{SSH}, {{"match": {{"op": "==", "left": {{"meta": {{"key": "iifname"}}}}, "right": "a\" accept"}}}}, {{"accept": null}}"#
            ),
            (false, false),
        ),
        (format!(r#"{SSH}, 5, {{"accept": null}}"#), (false, true)),
    ] {
        let mut space = Space::new();
        let facts = facts(&rule(&expressions), &mut space);
        let (surely, possibly) = (facts.surely.all(&mut space), facts.possibly.all(&mut space));
        let found = (space.contains(surely, &packet), space.contains(possibly, &packet));
        assert_eq!(found, wanted, "{expressions}\n{:?}", facts.unknown);
        for unknown in &facts.unknown {
            assert!(unknown.text.starts_with("handle 7 of chain f in table inet t: tcp dport == 22"), "{unknown:?}");
        }
    }
}

#[test]
fn what_is_no_list_of_rules() {
    for (text, why) in [
        ("{\"nftables\": 5}", "there is no list `nftables`"),
        ("{\"nftables\": [\n{]}", "line 2: this is no JSON"),
        (
            "{\"nftables\": [{\"flush\": {\"ruleset\": null}}]}",
            "`flush` cannot be followed without the rules that are already loaded",
        ),
        ("{\"nftables\": [{\"dragon\": {}}]}", "`dragon` is no object of a ruleset"),
        ("{\"nftables\": [{\"chain\": {\"table\": \"t\"}}]}", "`chain` has no `name`"),
    ] {
        let error = json::translate(text).unwrap_err().to_string();
        assert_eq!(error.trim_start_matches("line 0: "), why);
    }
}

/// What lets packets through is the filter, not what let them pass before it was asked.
#[test]
fn the_policy_of_a_chain_is_named() {
    let text = ruleset(
        r#"{"chain": {"family": "inet", "table": "t", "name": "p", "handle": 2, "type": "filter", "hook": "prerouting", "prio": -150, "policy": "accept"}},
        {"rule": {"family": "inet", "table": "t", "chain": "p", "handle": 8, "expr": [{"accept": null}]}}"#,
    );
    for (policy, text) in
        [("drop", text.clone()), ("accept", text.replace(r#""policy": "drop""#, r#""policy": "accept""#))]
    {
        let (mut space, mut limits) = (Space::new(), Limits::default());
        let files = [File { name: "live.json".into(), text }];
        let read = read_any(&files, &house(), &mut limits, &mut space).unwrap();
        let packet = packet(&house(), "lan 192.168.10.5 > 192.168.30.10 tcp 22");
        let line = read.trace(&packet, Tracked::First, &house(), &mut limits, &mut space).decided_by.unwrap();
        assert_eq!(line.text, format!("policy {policy} of chain f in table inet t"));
    }
}
