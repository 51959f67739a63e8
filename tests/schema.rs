//! The schemas of what hedgerow reads and writes are files that others can use. `SCHEMA_BLESS=1` writes them anew.

use hedgerow::{cli::ProjectFile, report::findings::Document};
use schemars::{JsonSchema, schema_for};

fn hold<T: JsonSchema>(name: &str) {
    let path = format!("docs/schema/{name}.json");
    let schema = serde_json::to_string_pretty(&schema_for!(T)).unwrap() + "\n";
    if std::env::var_os("SCHEMA_BLESS").is_some() {
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
fn project_file() {
    hold::<ProjectFile>("project");
}
