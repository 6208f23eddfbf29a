//! Holds the page of what redaction masks equal to the rule table. Not for: whether the rules find it.

use meshcase_redact::document;

#[test]
fn the_page_of_what_is_masked_is_the_rule_table() {
    crate::hold("docs/redaction.md", &document::markdown());
}
