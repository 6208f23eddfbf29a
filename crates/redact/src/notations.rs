//! Tables of the ways in which people and programs write a secret down, and of what looks like one of them. Not for: the
//! rules' own samples, which stand in their rows.

use super::samples::expand;
use super::tests::redact;

#[test]
fn what_resembles_a_filler_or_a_reference_and_is_none_is_masked() {
    for text in [
        "curl --data \"password=hunter2horse&user=bob\" https://x",
        "password: \"secret!\"",
        "password: hunter2...",
        "password: $violet.harbor",
        "password: Maple...",
        "data \"password\" = \"maple2023\"",
        "bob:Violet(66)harbor@tcp(db:3306)/x",
        "password: Todo1234xyz",
        "password: this is the way to be",
        "<password>hun<ter2</password>",
        "<password>hunter2horse<br/>",
        "private_key: 0x1234567890abcdef",
        "password: Secret!(42)x9",
        "\"token: \"hunter2horse8fJx2kQz9LmW\"\"",
    ] {
        assert!(redact(text).contains('‹'), "{text}");
    }
}

#[test]
fn a_random_value_is_found_where_a_word_would_be_none() {
    let token = expand("{a32}").text;
    let out = redact(&format!("token = '{token}' | '{}'", expand("{h40}").text));
    assert_eq!(out.matches('‹').count(), 2, "{out}");
    let out = redact("~ password = \"sommer2022\" -> \"sommer2023\"");
    assert_eq!(out.matches('‹').count(), 2, "{out}");
}

#[test]
fn a_passphrase_in_quotation_marks_is_masked_to_its_end() {
    for text in ["mongosh -u root -p 'Ember 48 oyster' db", "docker login h -u ci -p \"Thistle 48 oyster\""] {
        let out = redact(text);
        assert!(!out.contains("oyster") && out.contains("‹"), "{out}");
    }
}

#[test]
fn signs_of_a_notation_that_belong_to_the_value_do_not_end_it() {
    for text in [
        "  password: 'it''s-me-99'\n",
        "<property name=\"connection.password\">Bar&amp;Grill99</property>",
        "  - name: DJANGO_SECRET_KEY\n    value: abc#v0pf64&hgi68zd99\n",
        "x{RootPassword:abc,def99,Name:y}",
        "define( 'DB_PASSWORD', 'bramble(140)Violet99' );",
        "sql.Open(\"mysql\", \"acct:dri@zzle99@tcp(mysql:3306)/acct\")",
        "cfg: &{Addr::8080 AuthToken:zpcA9DODfvXH<YWd799 Debug:false}",
    ] {
        let out = redact(text);
        assert!(!out.contains("99") && out.contains('‹'), "{out}");
    }
}

#[test]
fn a_cookie_in_letters_alone_is_masked_beside_a_name_that_says_secret() {
    let out = redact("Cookie: lang=de; auth=opensesame; theme=dark");
    assert!(!out.contains("opensesame"), "{out}");
}

#[test]
fn a_value_of_any_length_is_masked_to_its_end_in_elements_and_dumps() {
    let long = expand("{a32}").text.repeat(40);
    for text in [format!("<password>{long}</password>"), format!("{{RootPassword:{long} Other:1}}")] {
        let out = redact(&text);
        assert!(!out.contains(&long[long.len() - 16..]) && out.len() < 60, "{out}");
    }
}
