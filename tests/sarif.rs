//! What `check --format sarif` prints, held against the schema of OASIS (SARIF 2.1.0, in tests/data), and `--format json`
//! against hedgerow's own.

#[path = "support/settings.rs"]
mod settings;

use std::{fs, path::Path, process::Command};

use serde_json::Value;

/// Policies with findings of many kinds: errors of the language, failed promises, leaks with packets and paths, notes.
fn policies() -> Vec<(String, String)> {
    let mut found = vec![
        ("syntax".to_owned(), "zone lan {\nallow a b\n".to_owned()),
        ("clean".to_owned(), fs::read_to_string("examples/lan-only/main.hedge").unwrap()),
    ];
    let leaky = "allow any -> any\nallow guest -> ha : mqtt { temporary }\nnever iot ~> router\nexpose ha : home-assistant { ipv6 off }\n";
    for name in ["direct-tls", "nginx-cloudflare"] {
        let text = fs::read_to_string(format!("examples/{name}/main.hedge")).unwrap();
        found.push((name.to_owned(), format!("{text}\n{leaky}")));
    }
    found
}

fn printed(name: &str, text: &str, format: &str) -> Value {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("sarif-{name}"));
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("main.hedge"), text).unwrap();
    for (name, text) in settings::settings() {
        fs::write(folder.join(name), text).unwrap();
    }
    let output = Command::new(env!("CARGO_BIN_EXE_hedgerow"))
        .args(["check", "main.hedge", "--today", "2026-11-23", "--format", format])
        .current_dir(&folder)
        .output()
        .unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|why| panic!("{why}: {output:?}"))
}

fn held(format: &str, schema: &str) -> usize {
    let mut schema: Value = serde_json::from_str(&fs::read_to_string(schema).unwrap()).unwrap();
    // A bracket of these patterns in the standard's file is not escaped; hedgerow writes no `language`.
    for place in ["run", "toolComponent"] {
        if let Some(language) = schema.pointer_mut(&format!("/definitions/{place}/properties/language")) {
            language.as_object_mut().unwrap().remove("pattern");
        }
    }
    let validator = jsonschema::validator_for(&schema).unwrap();
    let mut size = 0;
    for (name, text) in policies() {
        let printed = printed(&format!("{format}-{name}"), &text, format);
        let wrong: Vec<String> =
            validator.iter_errors(&printed).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(wrong.is_empty(), "{name}: {wrong:#?}");
        size += printed.to_string().len();
    }
    // A document that is not one is refused: the schema asks for something.
    assert!(!validator.is_valid(&serde_json::json!({ "version": "2.0.0", "runs": 1 })));
    size
}

#[test]
fn sarif_is_sarif() {
    assert!(held("sarif", "tests/data/sarif-2.1.0.schema.json") > 10_000);
}

#[test]
fn json_is_what_its_schema_says() {
    assert!(held("json", "docs/schema/findings.json") > 3_000);
}

#[test]
fn results_of_sarif_name_a_rule_and_a_place() {
    let (name, text) = policies().pop().unwrap();
    let printed = printed(&name, &text, "sarif");
    let run = &printed["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let results = run["results"].as_array().unwrap();
    assert!(results.len() > 10, "{} results", results.len());
    for result in results {
        let id = result["ruleId"].as_str().unwrap();
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], id);
        let told = hedgerow::check::leak::find(id).is_none();
        assert!(told || rules[index]["shortDescription"]["text"].as_str().is_some_and(|text| !text.is_empty()), "{id}");
        let place = &result["locations"][0]["physicalLocation"];
        // Relative to the repository, as code scanning wants it.
        assert!(place["artifactLocation"]["uri"].as_str().unwrap().ends_with("main.hedge"), "{id}");
        assert!(place["region"]["startLine"].as_u64().unwrap() > 0);
    }
}
