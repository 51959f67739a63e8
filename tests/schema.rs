//! The schemas of what hedgerow reads and writes are files that others can use. `SCHEMA_BLESS=1` writes them anew.

use hedgerow::{
    cli::ProjectFile,
    report::{comparison::Comparison, findings::Document},
};
use schemars::{JsonSchema, schema_for};

fn hold<T: JsonSchema>(name: &str) {
    let path = format!("docs/schema/{name}.json");
    let schema = serde_json::to_string_pretty(&schema_for!(T)).unwrap() + "\n";
    if std::env::var_os("SCHEMA_BLESS").is_some_and(|value| value == "1") {
        std::fs::create_dir_all("docs/schema").unwrap();
        std::fs::write(&path, &schema).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap_or_default(), schema, "{path} is not that of the code");
}

#[test]
fn findings() {
    hold::<Document>("findings");
}

#[test]
fn comparisons() {
    hold::<Comparison>("verify");
}

/// What `verify` prints is what its schema says.
#[test]
fn what_is_printed_fits() {
    let schema = serde_json::from_str(&std::fs::read_to_string("docs/schema/verify.json").unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for file in ["examples/lan-only/out/nftables/hedgerow.nft", "examples/direct-tls/out/nftables/hedgerow.nft"] {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_hedgerow"));
        command.args(["verify", "examples/lan-only", "--target", "nftables", file, "--format", "json"]);
        let printed = command.output().unwrap().stdout;
        let value: serde_json::Value = serde_json::from_slice(&printed).unwrap();
        assert!(validator.is_valid(&value), "{value:#}");
        assert_eq!(value["equal"], file.contains("lan-only"));
    }
}

#[test]
fn project_file() {
    hold::<ProjectFile>("project");
}
