//! The layout of `hedgerow fmt`: read the snapshots as the author of a policy would.

use hedgerow::syntax::format;

#[test]
fn a_policy_laid_out_by_hand_keeps_its_columns() {
    insta::assert_snapshot!(format(include_str!("format/home.hedge")).unwrap());
}

#[test]
fn an_ugly_policy_becomes_readable() {
    insta::assert_snapshot!(format(include_str!("format/ugly.hedge")).unwrap());
}
