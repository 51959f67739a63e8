//! The schema of `hedgerow check --format json` is a file that others can use. `SCHEMA_BLESS=1` writes it anew.

use hedgerow::report::findings::Document;

#[test]
fn the_schema_is_that_of_the_code() {
    let path = "docs/schema/findings.json";
    let schema = serde_json::to_string_pretty(&schemars::schema_for!(Document)).unwrap() + "\n";
    if std::env::var_os("SCHEMA_BLESS").is_some() {
        std::fs::create_dir_all("docs/schema").unwrap();
        std::fs::write(path, &schema).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap_or_default(), schema, "{path} is not that of the code");
}
