//! The language server, asked over its protocol by an editor that is a program.

#[path = "lsp/client.rs"]
mod client;

use client::{Editor, applied, number};
use serde_json::{Value, json};

const MAIN: &str = r#"# Das Netz der Familie Müller 🏠
use std.services
use std.leaks.home
use "./iot.hedge"

router edge { target nftables }

zone wan { role internet;  interface eth0;  address dhcp }
zone pc  { role trusted;   interface eth1.10;  vlan 10;  network 10.0.10.0/24, fd42:0:0:10::/64 }

host laptop { zone pc;  address 10.0.10.20 }
schedule daytime = 07:00-21:00

allow pc     -> internet
allow laptop -> ha : https, ssh { because "für 🏠 und Gäste";  during daytime }
allow pc, iot -> router : dns, dhcp, ntp
allow ha -> cameras

never internet -> private
waive iot-reaches-pc { because "none yet" }
"#;

const IOT: &str = r"# Devices that nobody mends.

# bulbs, plugs and cameras
zone iot { role iot;  interface eth1.30;  vlan 30;  network 10.0.30.0/24 }
zone server { role server;  interface eth1.20;  vlan 20;  network 10.0.20.0/24 }
# the one that knows all others
host ha { zone server;  address 10.0.20.10;  runs mqtt }
group cameras { zone iot;  members 10.0.30.64/27, 10.0.30.9 }

allow iot -> ha : mqtt
";

fn editor(name: &str) -> Editor {
    let mut editor = Editor::start(name, &[("main.hedge", MAIN), ("iot.hedge", IOT)]);
    editor.open("main.hedge");
    editor
}

#[test]
fn a_session() {
    let mut editor = editor("session");
    editor.diagnostics("main.hedge");
    editor.at("hover", "main.hedge", "allow lap|top", json!({}));
    editor.at("hover", "main.hedge", "allow pc, i|ot", json!({}));
    editor.at("hover", "main.hedge", "during day|time", json!({}));
    editor.at("hover", "main.hedge", "al|low laptop", json!({}));
    editor.at("hover", "main.hedge", "-> pri|vate", json!({}));
    editor.at("hover", "main.hedge", "waive iot-re|aches-pc", json!({}));
    editor.at("hover", "main.hedge", "ssh { be|cause", json!({}));
    editor.at("definition", "main.hedge", "laptop -> h|a", json!({}));
    editor.at("definition", "main.hedge", ": https, s|sh", json!({}));
    editor.at("definition", "main.hedge", "use std.ser|vices", json!({}));
    editor.at("definition", "main.hedge", "use \"./io|t.hedge", json!({}));
    editor.at("references", "main.hedge", "zone p|c ", json!({ "context": { "includeDeclaration": true } }));
    editor.at("prepareRename", "main.hedge", "allow lap|top", json!({}));
    editor.at("rename", "main.hedge", "allow ha -> cam|eras", json!({ "newName": "eyes" }));

    // A name that is misspelt, in a text that was never saved.
    editor.edit("main.hedge", "allow ha -> cameras", "allow ha -> camers, tv");
    let found = editor.diagnostics("main.hedge");
    let range = found[0]["range"].clone();
    let actions = editor.of("codeAction", "main.hedge", json!({ "range": range, "context": { "diagnostics": [] } }));
    editor.note("codeAction on the first", &actions);
    // A leak, found in a file that is not open.
    editor.edit("main.hedge", "allow ha -> camers, tv", "allow any -> pc");
    editor.diagnostics("main.hedge");
    insta::assert_snapshot!(editor.transcript);
    editor.end();
}

/// Positions count UTF-16 units: the house is two of them, and the umlauts are one each.
#[test]
fn places_behind_emoji_and_umlauts() {
    let mut editor = editor("utf16");
    let hover = editor.at("hover", "main.hedge", "during day|time", json!({}));
    let line = MAIN.lines().find(|line| line.contains("during")).unwrap();
    let before = line.split("daytime").next().unwrap();
    assert_eq!(hover["range"]["start"]["character"], before.encode_utf16().count());
    assert_eq!(before.chars().count() + 1, before.encode_utf16().count());
    // An edit behind them changes what it should.
    editor.edit("main.hedge", "during daytime", "during nightime");
    let found = editor.diagnostics("main.hedge");
    assert_eq!(found[0]["code"], "unknown-name");
    assert_eq!(found[0]["range"]["start"]["character"], before.encode_utf16().count());
    editor.edit("main.hedge", "during nightime", "during daytime");
    let renamed = editor.at("rename", "main.hedge", "schedule day|time", json!({ "newName": "day" }));
    let edits = &renamed["changes"][editor.uri("main.hedge")];
    assert_eq!(applied(MAIN, edits), MAIN.replace("daytime", "day"));
    editor.end();
}

#[test]
fn findings_go_to_the_file_they_are_in() {
    let mut editor = editor("imported");
    editor.diagnostics("main.hedge");
    // Only the imported file is changed, and it is a part of the policy that uses it.
    editor.open("iot.hedge");
    editor.edit("iot.hedge", "vlan 30", "vlan 20");
    let found = editor.diagnostics("iot.hedge");
    let codes: Vec<&Value> = found.as_array().unwrap().iter().map(|found| &found["code"]).collect();
    assert!(codes.contains(&&json!("duplicate-vlan")), "{codes:?}");
    let related = found.as_array().unwrap().iter().find(|found| found["code"] == "duplicate-vlan").unwrap();
    assert!(related["relatedInformation"][0]["location"]["uri"].as_str().unwrap().ends_with("iot.hedge"));
    editor.edit("iot.hedge", "vlan 20", "vlan 30");
    let found = editor.diagnostics("iot.hedge");
    assert!(!found.to_string().contains("duplicate-vlan"));
    editor.end();
}

#[test]
fn each_name_that_may_be_meant_is_offered() {
    let mut editor = editor("offers");
    editor.diagnostics("main.hedge");
    editor.edit("main.hedge", "allow ha -> cameras", "allow ha -> cameras : frigate");
    let found = editor.diagnostics("main.hedge");
    let found = found.as_array().unwrap().iter().find(|one| one["code"] == "unknown-name").unwrap().clone();
    let asked = json!({ "range": found["range"], "context": { "diagnostics": [] } });
    let actions = editor.of("codeAction", "main.hedge", asked);
    let mut told = Vec::new();
    for action in actions.as_array().unwrap() {
        told.push((action["title"].as_str().unwrap().to_owned(), action["isPreferred"].as_bool().unwrap()));
    }
    let wanted = ["write `frigate-auth`", "write `frigate-noauth`"];
    assert_eq!(told, wanted.map(|title| (title.to_owned(), false)), "{found}");
    editor.end();
}

#[test]
fn what_hedgerow_toml_leaves_out_is_not_told() {
    let policy = "use std.services
use std.leaks.home
router edge { target nftables }
zone wan { role internet;  interface eth0;  address dhcp;  uplink public }
zone pc  { role trusted;   interface eth1.10;  network 10.0.10.0/24 }
zone iot { role iot;  interface eth1.30;  network 10.0.30.0/24 }
allow pc, iot -> internet
allow pc, iot -> router : dns, dhcp, ntp
";
    let codes = |found: &Value| -> Vec<String> {
        found.as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap().to_owned()).collect()
    };
    let mut told = Vec::new();
    for toml in ["", "skip = [\"iot-internet-unrestricted\"]\n", "skip = [\"no-such-check\"]\n"] {
        let mut editor = Editor::start("toml", &[("house/main.hedge", policy), ("hedgerow.toml", toml)]);
        editor.open("house/main.hedge");
        told.push(codes(&editor.diagnostics("house/main.hedge")));
        editor.end();
    }
    let skipped = "iot-internet-unrestricted".to_owned();
    assert!(told[0].contains(&skipped), "{told:?}");
    let rest: Vec<String> = told[0].iter().filter(|code| **code != skipped).cloned().collect();
    assert_eq!(told[1], rest);
    assert_eq!(told[2], told[0], "a file that is wrong leaves nothing out");
}

#[test]
fn what_can_be_written() {
    let mut editor = editor("complete");
    let offers = |editor: &mut Editor, typed: &str, pattern: &str, wanted: &[&str], unwanted: &[&str]| {
        editor.replace("main.hedge", &MAIN.replace("allow ha -> cameras", typed));
        let labels = editor.offered("main.hedge", pattern);
        for label in wanted {
            assert!(labels.iter().any(|found| found == label), "`{label}` is not offered at {pattern}: {labels:?}");
        }
        for label in unwanted {
            assert!(!labels.iter().any(|found| found == label), "`{label}` is offered at {pattern}: {labels:?}");
        }
        editor.replace("main.hedge", MAIN);
    };
    let editor = &mut editor;
    offers(editor, "\nal", "\nal|", &["allow", "always", "zone"], &["pc"]);
    offers(
        editor,
        "allow ha -> ",
        "allow ha -> |",
        &["pc", "laptop", "cameras", "router", "role.iot"],
        &["ssh", "allow"],
    );
    offers(editor, "allow ha -> pc : ", "-> pc : |", &["ssh", "mqtt", "tcp"], &["pc", "laptop"]);
    offers(editor, "allow ha -> pc : https, s", "https, s|", &["ssh"], &["pc"]);
    offers(editor, "allow ha -> pc : tcp ", ": tcp |", &[], &["ssh", "pc"]);
    offers(editor, "allow ha -> pc { ", "pc { |", &["log", "because", "during"], &["ssh", "vlan"]);
    offers(editor, "allow ha -> pc { log;  ", "log;  |", &["because"], &["log"]);
    offers(editor, "allow ha -> pc { during ", "pc { during |", &["daytime"], &["ssh", "pc"]);
    offers(editor, "zone x { role ", "x { role |", &["iot", "guest"], &["pc"]);
    offers(editor, "zone x {\n    rol", "    rol|", &["role", "vlan", "network"], &["runs"]);
    offers(editor, "host x { zone ", "x { zone |", &["pc", "iot"], &["laptop"]);
    offers(editor, "host x { runs ", "x { runs |", &["mqtt"], &["laptop"]);
    offers(editor, "expose ", "\nexpose |", &["ha", "laptop"], &["pc", "ssh"]);
    offers(editor, "expose ha : https { through ", "{ through |", &["laptop"], &["pc"]);
    offers(editor, "waive gu", "waive gu|", &["guest-reaches-private"], &["pc"]);
    offers(editor, "\nuse std.", "cp, ntp\n\nuse std.|", &["std.integrations", "std.ranges"], &["pc"]);
    offers(editor, "allow ha # to ", "# to |", &[], &["pc"]);
    editor.edit("main.hedge", "allow ha -> cameras", "allow ha -> pc : mq");
    let answer = editor.at("completion", "main.hedge", ": mq|", json!({}));
    let mqtt = answer.as_array().unwrap().iter().find(|item| item["label"] == "mqtt").unwrap();
    assert_eq!(mqtt["detail"], "tcp 1883");
    assert_eq!(mqtt["textEdit"]["range"]["start"]["character"], 17);
    // A service of a module that is not used yet brings its `use`.
    editor.edit("main.hedge", "use std.services\n", "");
    let answer = editor.at("completion", "main.hedge", ": mq|", json!({}));
    let mqtt = answer.as_array().unwrap().iter().find(|item| item["label"] == "mqtt").unwrap();
    let text = editor.text("main.hedge").to_owned();
    let text = applied(&text, &mqtt["additionalTextEdits"]);
    assert!(text.contains("\nuse \"./iot.hedge\"\nuse std.services\n"), "{text}");
    editor.edit("main.hedge", "use std.leaks.home\nuse \"./iot.hedge\"\n", "");
    let answer = editor.at("completion", "main.hedge", ": mq|", json!({}));
    let mqtt = answer.as_array().unwrap().iter().find(|item| item["label"] == "mqtt").unwrap();
    let text = applied(editor.text("main.hedge"), &mqtt["additionalTextEdits"]);
    assert!(text.contains("\nuse std.services\n\nrouter edge"), "{text}");
}

#[test]
fn what_cannot_be_renamed_is_refused() {
    let mut editor = editor("rename");
    let mut refused = |place: &str, new: &str| {
        let answer = editor.at("rename", "main.hedge", place, json!({ "newName": new }));
        answer["error"].as_str().unwrap_or_else(|| panic!("{new} is accepted: {answer}")).to_owned()
    };
    assert_eq!(refused("zone p|c", "zone"), "`zone` is a word of the language");
    assert_eq!(refused("zone p|c", "internet"), "`internet` is a word of the language");
    assert_eq!(refused("zone p|c", "iot"), "there is a zone `iot` already, at iot.hedge:4");
    assert!(refused("zone p|c", "two words").starts_with("`two words` is no name"));
    assert!(refused("zone p|c", "a.b").starts_with("`a.b` is no name"));
    assert!(refused("zone p|c", "büro").starts_with("`büro` is no name"));
    assert!(refused(": https, s|sh", "shell").contains("belongs to the standard library"));
    // A statement that cannot be read keeps the old name.
    editor.edit("main.hedge", "allow ha -> cameras", "allow ha -> cameras\nallow laptop -> , pc");
    let answer = editor.at("rename", "main.hedge", "host lap|top", json!({ "newName": "notebook" }));
    assert!(answer["error"].as_str().is_none_or(|why| why.contains("mend")), "{answer}");
    editor.end();
}

#[test]
fn a_broken_text_is_understood_as_far_as_it_goes() {
    let mut editor = editor("broken");
    editor.edit("main.hedge", "allow ha -> cameras", "allow ha -> cameras : : {{{ \"");
    let hover = editor.at("hover", "main.hedge", "allow ha -> cam|eras : :", json!({}));
    assert!(hover["contents"]["value"].as_str().unwrap().contains("10.0.30.64/27"), "{hover}");
    let definition = editor.at("definition", "main.hedge", "allow h|a -> cameras : :", json!({}));
    assert!(definition["uri"].as_str().unwrap().ends_with("iot.hedge"), "{definition}");
    assert_eq!(
        editor.of("formatting", "main.hedge", json!({ "options": { "tabSize": 4, "insertSpaces": true } })),
        Value::Null
    );
    let symbols = editor.of("documentSymbol", "main.hedge", json!({}));
    assert!(symbols.as_array().unwrap().len() > 8, "{symbols}");
    let tokens = editor.of("semanticTokens/full", "main.hedge", json!({}));
    assert!(tokens["data"].as_array().unwrap().len() > 100);
    // The text goes away from its end, a few characters at a time, and everything is asked at each step.
    while !editor.text("main.hedge").is_empty() {
        let text = editor.text("main.hedge");
        let kept = text.char_indices().rev().nth(6).map_or("", |(at, _)| &text[..at]).to_owned();
        editor.replace("main.hedge", &kept);
        for method in ["hover", "definition", "completion", "prepareRename"] {
            let answer = editor.at_end(method, "main.hedge");
            assert!(!answer.to_string().contains("fault of hedgerow"), "{method}: {answer}");
        }
        for method in ["documentSymbol", "semanticTokens/full"] {
            editor.of(method, "main.hedge", json!({}));
        }
    }
    editor.end();
}

#[test]
fn layout_outline_hints_and_colours() {
    let mut editor = editor("layout");
    editor.edit("main.hedge", "allow ha -> cameras", "allow   ha->cameras   # 🏠");
    let text = editor.text("main.hedge").to_owned();
    let edits = editor.of("formatting", "main.hedge", json!({ "options": { "tabSize": 4, "insertSpaces": true } }));
    assert_eq!(applied(&text, &edits), hedgerow::syntax::format(&text).unwrap());
    let all = json!({ "range": { "start": { "line": 0, "character": 0 }, "end": { "line": 99, "character": 0 } } });
    let hints = editor.of("inlayHint", "main.hedge", all);
    let mut shown: Vec<String> = text.lines().map(str::to_owned).collect();
    for hint in hints.as_array().unwrap().iter().rev() {
        let line = &mut shown[number(&hint["position"]["line"])];
        let units: Vec<u16> = line.encode_utf16().collect();
        let (before, behind) = units.split_at(number(&hint["position"]["character"]));
        let text = |units: &[u16]| String::from_utf16(units).unwrap();
        *line = format!("{}⟨{}⟩{}", text(before), hint["label"].as_str().unwrap(), text(behind));
    }
    let tokens = editor.of("semanticTokens/full", "main.hedge", json!({}));
    let legend = [
        "keyword",
        "module",
        "type",
        "variable",
        "enum",
        "function",
        "interface",
        "event",
        "property",
        "number",
        "string",
        "comment",
    ];
    let (mut line, mut column, mut colours) = (0, 0, String::new());
    for token in tokens["data"].as_array().unwrap().chunks(5) {
        let numbers: Vec<usize> = token.iter().map(number).collect();
        column = if numbers[0] > 0 { numbers[1] } else { column + numbers[1] };
        line += numbers[0];
        let units: Vec<u16> = text.lines().nth(line).unwrap().encode_utf16().collect();
        let word = String::from_utf16(&units[column..column + numbers[2]]).unwrap();
        colours += &format!(
            "{}:{word} is a {}{}\n",
            line + 1,
            legend[numbers[3]],
            ["", " declared", " of the library"][numbers[4]]
        );
    }
    let symbols = editor.of("documentSymbol", "main.hedge", json!({}));
    let outline: Vec<String> = symbols
        .as_array()
        .unwrap()
        .iter()
        .map(|symbol| format!("{} {}", symbol["detail"].as_str().unwrap(), symbol["name"].as_str().unwrap()))
        .collect();
    insta::assert_snapshot!(format!("{}\n\n{}\n\n{colours}", shown.join("\n"), outline.join("\n")));
    editor.end();
}

#[test]
fn the_standard_library_can_be_looked_around_in() {
    let mut editor = editor("library");
    let found = editor.at("definition", "main.hedge", ": https, s|sh", json!({}));
    let uri = found["uri"].as_str().unwrap().to_owned();
    let path = uri.strip_prefix("file://").unwrap();
    let text = std::fs::read_to_string(path).unwrap();
    assert!(std::fs::metadata(path).unwrap().permissions().readonly(), "it must not seem to be one's own");
    let line = number(&found["range"]["start"]["line"]);
    assert!(text.lines().nth(line).unwrap().starts_with("service ssh "));
    editor.open_uri(&uri, &text);
    let hover = editor
        .ask("textDocument/hover", json!({ "textDocument": { "uri": uri }, "position": found["range"]["start"] }));
    assert!(hover["contents"]["value"].as_str().unwrap().contains("tcp 22"), "{hover}");
    let check = editor.at("definition", "main.hedge", "waive iot-re|aches-pc", json!({}));
    assert!(check["uri"].as_str().unwrap().ends_with("std.leaks.home.hedge"), "{check}");
    editor.end();
}

#[test]
fn typing_in_a_large_policy_stays_fast() {
    let mut text = MAIN.replace("use \"./iot.hedge\"\n", "")
        + &IOT.replace("10.0.30.0/24", "10.1.0.0/16").replace("10.0.30", "10.1.0");
    for number in 0..2000 {
        text += &format!("host h{number} {{ zone iot;  address 10.1.{}.{} }}\n", 1 + number / 200, 10 + number % 200);
    }
    let mut editor = Editor::start("large", &[("main.hedge", &text)]);
    editor.open("main.hedge");
    let started = std::time::Instant::now();
    for _ in 0..20 {
        editor.edit("main.hedge", "allow ha -> cameras", "allow ha -> cameras, pc");
        editor.at("completion", "main.hedge", "cameras, |pc", json!({}));
        editor.edit("main.hedge", "allow ha -> cameras, pc", "allow ha -> cameras");
    }
    let each = started.elapsed() / 20;
    assert!(each < std::time::Duration::from_millis(1500), "{each:?} for two edits and an answer, in a debug build");
}
