//! The files that policies in `examples` name: with these, their text is a policy in a test as well.

use std::{collections::BTreeMap, fs};

pub fn settings() -> BTreeMap<String, String> {
    let text = fs::read_to_string("examples/nginx-cloudflare/configuration.yaml").unwrap();
    BTreeMap::from([("configuration.yaml".to_owned(), text)])
}
