//! The engine's rules, each as a sentence. The samples stand in the rule table.

use super::samples::expand;
use super::*;

pub(super) fn redactor() -> Redactor {
    Redactor::new(&BundleKey::from_bytes(b"test"), &RedactOptions::default()).unwrap()
}

pub(super) fn redact(text: &str) -> String {
    redactor().text(text.to_owned().into()).to_text()
}

/// What must be masked of a sample.
fn secrets(sample: &super::samples::Sample) -> impl Iterator<Item = &str> {
    sample.places.iter().map(|place| &sample.text[place.clone()])
}

#[test]
fn every_positive_sample_is_masked_in_full() {
    let mut failures = Vec::new();
    for rule in rules() {
        for template in rule.positive {
            let sample = expand(template);
            let out = redact(&sample.text);
            if secrets(&sample).any(|secret| out.contains(secret)) || !out.contains('‹') {
                failures.push(format!("{}: {} -> {out}", rule.id, sample.text));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn every_negative_sample_stays_as_it_is() {
    let mut failures = Vec::new();
    for rule in rules() {
        for template in rule.negative {
            let text = expand(template).text;
            let out = redact(&text);
            if out != text {
                failures.push(format!("{}: {text} -> {out}", rule.id));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn redacting_twice_under_one_key_changes_nothing_more() {
    for rule in rules() {
        for template in rule.positive {
            let once = redact(&expand(template).text);
            assert_eq!(redact(&once), once, "{}", rule.id);
        }
    }
}

/// Each positive sample in the surroundings that logs and dumps put a value into.
fn surroundings(sample: &str) -> Vec<(&'static str, String)> {
    let json = serde_json::to_string(sample).unwrap();
    let escaped = serde_json::to_string(&json).unwrap();
    let lines = |prefix: &str| sample.lines().map(|line| format!("{prefix}{line}\n")).collect::<String>();
    let long = |letter: &str, count: usize| letter.repeat(count);
    let mut all = vec![
        ("quoted", format!("value '{sample}' end")),
        ("json", format!("{{\"level\":\"info\",\"msg\":{json},\"ts\":1}}")),
        ("escaped json", format!("{{\"outer\":{escaped}}}")),
        ("crlf", sample.replace('\n', "\r\n") + "\r\n"),
        ("timestamped", lines("2026-11-25T03:04:05.678901234Z stderr F ")),
        ("start", format!("{sample} and more words after it\n")),
        ("end", format!("some words before {sample}")),
        ("url", format!("GET https://host/path?value={}&y=1 HTTP/1.1", percent(sample))),
        ("yaml block", format!("data:\n  text: |\n{}", lines("    "))),
        ("coloured", format!("\u{1b}[32mINFO\u{1b}[0m \u{1b}[1m{sample}\u{1b}[0m end\n")),
        ("base64", format!("blob {} end", encode(sample.as_bytes(), 0))),
        (
            "wrapped base64",
            format!(
                "blob:\n{}\nend",
                encode(
                    format!("some text around {sample} that makes it long enough to be wrapped over lines").as_bytes(),
                    64
                )
            ),
        ),
        (
            "window border",
            format!("{}\n{sample} x\n{}\n", long("clean words here ", 13_480), long("more clean words ", 3_000)),
        ),
    ];
    // A colour code within the value, after its third character.
    if let Some((at, _)) = sample.char_indices().nth(sample.chars().count() / 2)
        && !sample.contains('\n')
    {
        all.push(("split by a colour code", format!("{}\u{1b}[0m\u{1b}[33m{}", &sample[..at], &sample[at..])));
    }
    all
}

/// Percent-encoded, but for unreserved characters (RFC 3986).
fn percent(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

fn encode(bytes: &[u8], width: usize) -> String {
    use base64::Engine as _;
    let encoded = base64::engine::general_purpose::STANDARD.encode(bytes);
    if width == 0 {
        return encoded;
    }
    encoded.as_bytes().chunks(width).map(|line| std::str::from_utf8(line).unwrap()).collect::<Vec<_>>().join("\n")
}

/// Whether any part of a secret of a quarter of its length is still there, in plain or encoded form.
fn leaks(out: &str, secret: &str) -> bool {
    let plain = secret.lines().filter(|line| line.len() >= 12 && !line.contains("-----"));
    secret.lines().count() == 1 && out.contains(secret)
        || plain
            .into_iter()
            .any(|line| out.contains(&line[line.len() / 4..]) || out.contains(&line[..line.len() * 3 / 4]))
}

#[test]
fn every_positive_sample_is_masked_in_all_surroundings() {
    let redactor = redactor();
    let mut failures = Vec::new();
    for rule in rules() {
        for template in rule.positive {
            let sample = expand(template);
            for (place, text) in surroundings(&sample.text) {
                // A Secret's short values are known by the lines around them, which the time stamps hide.
                if place == "timestamped" && matches!(rule.detector, Detector::SecretData | Detector::Columns) {
                    continue;
                }
                let encoded = place.contains("base64");
                let out = redactor.text(text.clone().into()).to_text();
                let kept = encoded && !out.contains('‹') || secrets(&sample).any(|secret| leaks(&out, secret));
                if kept {
                    failures.push(format!("{} [{place}]: {} -> {}", rule.id, tail(&text), tail(&out)));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn the_second_look_finds_nothing_in_what_the_first_has_redacted() {
    let redactor = redactor();
    for rule in rules() {
        for template in rule.positive {
            for (place, text) in surroundings(&expand(template).text) {
                let out = redactor.text(text.into());
                let found = second_look::check_member("a.log", out.as_bytes());
                assert_eq!(found, Ok(()), "{} [{place}]: {}", rule.id, tail(&out.to_text()));
            }
        }
    }
}

#[test]
fn what_the_first_look_leaves_in_urls_and_beside_names_the_second_leaves_too() {
    let words = [
        "password",
        "secret",
        "token",
        "example",
        "your_password",
        "your-token-here",
        "placeholder",
        "REPLACE_ME",
        "changeme",
        "xxxxx",
        "***",
        "REDACTED",
        "<password>",
        "${PASSWORD}",
        "%PASSWORD%",
        "{{ .password }}",
        "pass@word",
        "sanitized",
        "true",
        "none",
        "insert-token",
        "os.environ",
        "/var/run/token",
        "2026-11-25T03:04:05Z",
        "[REDACTED]",
        "<masked>",
        "hidden",
        "elided",
        "unredacted7",
        "pass***word",
        "$ecr3tword",
        "$secret",
        "$1",
        "%40abc123",
        "%s",
        "%v",
        "*abc1234",
        "{abc123",
        "xxxx1xxxx",
        "xxxxxxxxxxxxxxxx1A2b3C",
        "abcdefghijklmnopqrstuvwxyz0123456789",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "00000000-0000-0000-0000-000000000000",
        "$BASE_URL/a1B2c3D4e5F6g7H8i9J0k1L2",
        "cms/sites/passwords#edit",
    ];
    for word in words {
        for shape in [
            "postgres://user:{}@host:5432/x",
            "smtp://user@mail.example:{}@host:5432/x",
            "root:{}@tcp(db:3306)/app",
            "password={}",
            "\"apiToken\": \"{}\"",
            "publicToken: {}",
        ] {
            let out = redactor().text(shape.replace("{}", word).into());
            let found = second_look::check_member("a.log", out.as_bytes());
            assert_eq!(found, Ok(()), "{word} in {shape}: {}", out.to_text());
        }
    }
}

#[test]
fn text_that_begins_beyond_ascii_is_found_in_base64_too() {
    let hidden = encode("Überschrift für alle\npassword=swordfish7\n".as_bytes(), 0);
    let out = redact(&format!("blob: {hidden} end"));
    assert!(!out.contains(&hidden[10..30]), "{out}");
}

fn tail(text: &str) -> String {
    text.chars().take(200).collect::<String>().replace('\n', "⏎")
}

#[test]
fn every_positive_sample_is_named_by_its_own_rule() {
    let redactor = Redactor::explaining(&BundleKey::from_bytes(b"test"), &RedactOptions::default()).unwrap();
    let mut failures = Vec::new();
    for rule in rules() {
        for template in rule.positive {
            let out = redactor.text(expand(template).text.into()).to_text();
            if !out.contains(&format!("⟨{}⟩", rule.id)) {
                failures.push(format!("{}: {out}", rule.id));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn dropping_any_one_rule_lets_a_sample_through() {
    let all: Vec<&'static Rule> = rules().collect();
    let mut needless = Vec::new();
    for (index, rule) in all.iter().enumerate() {
        // What the general rules would find as well they would not name.
        let general =
            |other: &Rule| matches!(other.detector, Detector::Marked | Detector::Unnamed) || other.id == "known-mark";
        let others =
            all.iter().enumerate().filter(|(at, other)| *at != index && !general(other)).map(|(_, rule)| *rule);
        // Compiling the whole table for each rule would take minutes: rules that share no literal cannot replace another.
        let table = super::scan::Table::of(others.filter(|other| may_replace(rule, other))).unwrap();
        let kept = rule.positive.iter().any(|template| {
            let sample = expand(template);
            let spans =
                super::span::merge(table.scan(sample.text.as_bytes(), super::scan::Begin::WHOLE, &|_, _| {}).spans);
            sample
                .places
                .iter()
                .any(|secret| !spans.iter().any(|span| span.start <= secret.start && span.end >= secret.end))
        });
        if !kept {
            needless.push(rule.id);
        }
    }
    assert!(needless.is_empty(), "other rules find all samples of {needless:?}");
}

fn may_replace(rule: &Rule, other: &Rule) -> bool {
    let samples: Vec<String> =
        rule.positive.iter().map(|template| expand(template).text.to_ascii_lowercase()).collect();
    match &other.detector {
        Detector::Expression(expression) => {
            expression.literals.is_empty()
                || expression
                    .literals
                    .iter()
                    .any(|literal| samples.iter().any(|text| text.contains(&literal.to_ascii_lowercase())))
        }
        _ => true,
    }
}

#[test]
fn json_that_parsed_still_parses_and_values_are_masked_within_their_quotes() {
    let text = serde_json::json!({
        "password": "correct horse battery", "pin": 123_456, "db": {"passwd": null, "secretKey": true, "apiKey": 9_876_543_210_u64},
        "tokens": ["Zx8Kq2Lm9Wv4Rt7Y", "b"], "env": [{"name": "DB_PASSWORD", "value": "hunter22"}], "text": "password: \"a \\ b\"\nnext: line",
    });
    for text in [serde_json::to_string(&text).unwrap(), serde_json::to_string_pretty(&text).unwrap()] {
        let out = redact(&text);
        let parsed: serde_json::Value = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}"));
        assert!(parsed["password"].as_str().unwrap().starts_with("‹password:"), "{out}");
        assert_eq!(parsed["db"]["secretKey"], true);
        assert!(parsed["db"]["passwd"].is_null());
        assert!(!out.contains("hunter22") && !out.contains("9876543210") && !out.contains("Zx8Kq2Lm9Wv4Rt7Y"), "{out}");
    }
}

#[test]
fn yaml_that_parsed_still_parses() {
    let text = "password: correct horse # note\nuser: me\nkeys:\n- name: API_KEY\n  value: \"k9 Zw2\"\ntls.key: |\n  -----BEGIN EC PRI{}VATE KEY-----\n  MHcCAQEEIIGl2cJZ8nXyQ4Jv\n  -----END EC PRI{}VATE KEY-----\nsecretKey: >-\n  folded words\n  of a secret\nnext: [1, 2]\nflow: {password: x9y8z7, other: 1}\n".replace("{}", "");
    let out = redact(&text);
    let parsed: serde_json::Value = serde_saphyr::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}"));
    assert_eq!(parsed["user"], "me");
    assert_eq!(parsed["next"][1], 2);
    assert_eq!(parsed["flow"]["other"], 1);
    for secret in ["horse", "k9 Zw2", "MHcCAQ", "folded", "of a secret", "x9y8z7"] {
        assert!(!out.contains(secret), "{secret}: {out}");
    }
}

#[test]
fn a_header_within_a_json_text_leaves_the_text_its_closing_quotation_mark() {
    let text = r#"{"authorization":"Cookie: session=K7q2Z9tHZSj7chyS; other=qiz77VCvH3I0QMHN","next":1}"#;
    let out = redact(text);
    let parsed: serde_json::Value = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}"));
    assert_eq!(parsed["next"], 1);
    assert!(!out.contains("K7q2") && !out.contains("qiz77"), "{out}");
}

#[test]
fn no_two_rules_have_one_id() {
    let mut ids: Vec<&str> = rules().map(|rule| rule.id).collect();
    ids.sort_unstable();
    let all = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), all);
}

#[test]
fn each_item_of_a_yaml_list_beside_a_secret_s_name_is_masked_and_a_list_of_objects_stays() {
    for text in [
        "passwords:\n- swordfish7\n- \"open se7ame\"\nnext: 1\n",
        "a:\n  tokens:\n    - Zx8Kq2Lm9Wv4Rt7Y\n    - 'k9Zw2Lq8Xx'\n",
    ] {
        let out = redact(text);
        assert_eq!(out.matches("‹password:").count(), 2, "{out}");
        let parsed: serde_json::Value = serde_saphyr::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}"));
        assert!(
            parsed.get("passwords").or(parsed.pointer("/a/tokens")).is_some_and(serde_json::Value::is_array),
            "{out}"
        );
    }
    let objects = "tokens:\n- name: web\n  path: /var/run/token\nsecrets:\n- default-token-x2k4p\n- regcred\n";
    assert_eq!(redact(objects), objects);
}

#[test]
fn at_a_byte_limit_the_last_partial_token_is_left_out() {
    let cut = |text: &str| {
        let mut stream = redactor().stream();
        let mut out = stream.push(text.to_owned().into_bytes().into()).to_text();
        out.push_str(&stream.finish(End::Cut).0.to_text());
        out
    };
    assert_eq!(cut("all is well gh"), "all is well ");
    assert_eq!(cut("line one\nhttps://user:pa"), "line one\n");
    assert!(!cut("password=\"half of a sec").contains("half"));
}

#[test]
fn a_line_of_any_length_takes_a_bounded_window_and_a_long_value_leaves_nothing() {
    let redactor = redactor();
    let mut stream = redactor.stream();
    let mut out = stream.push(b"x password=\"".to_vec().into()).to_text();
    for _ in 0..64 {
        let part = stream.push(b"qzk7".repeat(16 * 1024).into()).to_text();
        assert!(part.len() < 400_000);
        out.push_str(&part);
    }
    out.push_str(&stream.push(b"qz\" tail of the line".to_vec().into()).to_text());
    out.push_str(&stream.finish(End::Complete).0.to_text());
    assert!(!out.contains("qzk7") && out.ends_with("\" tail of the line"), "{}", tail(&out));
}

#[test]
fn an_imitated_token_is_marked_and_an_own_one_stays() {
    let own = redact("password=hunter22");
    assert_eq!(redact(&own), own);
    let imitation = "see ‹code-host:AAAAAA› here";
    assert_eq!(redact(imitation), "see ‹!code-host:AAAAAA› here");
    assert_eq!(redact(&redact(imitation)), redact(imitation));
}

#[test]
fn utf_16_and_utf_32_logs_come_out_redacted_in_utf_8() {
    let text = "info password=hunter22 ok\n".repeat(4);
    let wide = |order: fn(u32) -> [u8; 4]| {
        "\u{FEFF}".chars().chain(text.chars()).flat_map(|c| order(c.into())).collect::<Vec<u8>>()
    };
    let little: Vec<u8> = [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for bytes in [little, big, wide(u32::to_le_bytes), wide(u32::to_be_bytes)] {
        let out = redactor().text(bytes.into()).to_text();
        assert!(out.starts_with("info password=‹password:") && !out.contains("hunter22"), "{out}");
    }
}

#[test]
fn a_piece_of_utf_16_within_a_log_is_looked_at() {
    let piece: String = "password=Quail7harbor".chars().flat_map(|letter| [letter, '\0']).collect();
    let out = redact(&format!("a log of bytes that goes on\n{piece}\nand on\n"));
    assert!(!out.contains("Q\0u\0a") && out.contains('‹'), "{out:?}");
}

#[test]
fn a_zero_in_a_utf_16_log_does_not_make_it_look_encoded_again() {
    let once = redactor().text(vec![0xFF, 0xFE, 0, 0, 15, 0, 0, 0, b'p', 0, 0, 0, b'x', 2].into());
    assert_eq!(redactor().text(once.clone().into_bytes().to_vec().into()), once);
}

#[test]
fn a_text_that_ends_within_the_last_line_of_a_private_key_is_masked_up_to_its_end() {
    let body = "MIIEpAIBAAKCAQEAx7Qz2LmW".repeat(3);
    let out = redact(&format!("-----BEGIN RSA PRI{}VATE KEY-----\n{body}\n----END", ""));
    assert!(!out.contains("MIIE") && out.contains("‹private-key:"), "{out}");
}

#[test]
fn a_broken_secret_reads_the_same_when_it_is_redacted_again() {
    let once = redact("{\"kind\":\"Secret\",\"data\":{cret\",\"data\":{\"a\":\"zzzzzzzz\"m\"");
    assert_eq!(redact(&once), once);
}

#[test]
fn an_escape_byte_takes_no_quotation_mark_with_it() {
    let once = redact("{kind\":\"Secret\",\"data\":{\"a\":\\\"p@:\"\u{0}\u{0}\u{1b}\",\"da\"\"");
    assert_eq!(redact(&once), once);
}

#[test]
fn harmless_values_beside_secret_looking_names_stay() {
    for text in [
        "password: true",
        "token: null",
        "secret=***",
        "tokenSecret: {}",
        "passwordFile: /etc/secret/pw",
        "password: ${DB_PASSWORD}",
        "token: \"{{ .Values.token }}\"",
        "secretKeyRef: {name: db, key: password}",
        "secret: istio-ca-secret",
        "sessionAffinity: None",
        "automountServiceAccountToken: false",
        "secretUID: 2f6f0a52-5b1c-4f0e-9d8e-0d5a4d1b6c77",
        "image: registry/app@sha256:0e5574283393d2a7b1c5e3e4a1e6b1f0a2b1b0f6d2f8f6c9c1e3d9a1b2c3d4e5",
        "tokenExpirationSeconds: 3607",
        "key: value",
        "primaryKey: id",
        "author: someone",
        "Starting token cleaner controller",
        "token bucket rate limiter",
        "\"apiserver.latency.k8s.io/authentication\":\"511.042µs\"",
        "\"required\":[\"accessKeyId\",\"secretAccessKey\"]",
        "\"avg_per_token_latency\": 0.8718070238828659",
        "privateKey: tests/testdata/certs/default/key.pem",
        "type=\"*core.Secret\" reflector=\"k8s.io/client-go/informers/factory.go:161\"",
        "key:\"/registry/leases/kube-system/apiserver-5pl2fvupkoj2t57b3umtyo2kum\" limit:1",
        "keys: 1024",
        "secret \"istio-system/cacerts\" not found",
        "password is required",
        "/var/run/secrets/kubernetes.io/serviceaccount/token",
        "trace_id=4bf92f3577b34da6a3ce929d0e0e4736",
        "pod-template-hash=5d4f8c7b9c",
        "resourceVersion: \"123456\"",
        "key: /registry/pods/default/foo",
        "keyboard = qwerty12345678901234",
        "monkey: bananas1234567890abc",
        "checksum/config: 8d8f1d0f9a5b7c3e2d1f0a9b8c7d6e5f4a3b2c1d0e9f8a7b6c5d4e3f2a1b0c9d",
    ] {
        assert_eq!(redact(text), text);
    }
}

#[test]
fn what_stands_in_a_secret_s_place_stays() {
    for text in [
        "token: ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "SLACK_TOKEN=\"xoxb-0000000000-0000000000000-xxxxxxxxxxxxxxxxxxxxxxxx\"",
        "key A3-XXXXXX-XXXXXXXXXXX-XXXXX-XXXXX-XXXXX",
        "API_KEY=\"glc_1111111111111111111111111111111111111111\"",
        "aws_access_key: AKIAIOSFODNN7EXAMPLE",
        "secret_id: 00000000-0000-0000-0000-000000000000",
        "usernameLabel:\"User:\",passwordLabel:\"Password:\",rememberMeLabel:\"Remember me:\"",
        "FORGOT_PASSWORD=$BASE_URL/classroom/#/forgot_password",
        "mongodb+srv://<username>:<password>@cluster0.example/",
        "accountKey = Buffer.from(\"accountKey\", \"base64\");",
        "const keyStr = \"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789\"",
        "this.addPassword = \"#add-password\";",
        "pwd = (char *) (p + ulen + 2);",
        "uid=#{store['UID']};pwd=#{store['PASSWORD']}",
        "echo 'password = '.$p['config']['daemon_password'];",
        "put '/forgot-password' => \"cms/sites/passwords#edit\"",
        "export PASSWORD=\"'$DATABASE_PASSWORD'\"",
        "<add key=\"ClearTextPassword\" value=\"%SourcePassword%\" />",
        "-e ACCESS_KEY=`etcdctl get /access_secret`",
        "ACCESS_KEY=${ACCESS_KEY:=$2}",
        "NativeCameraKit: f15a5a04b0f6dc6073e6db0296e6ef2d8b8d2522",
        "minisat-master-keying:x64-uwp=fail",
        "publicToken = \"9Cnzj4p4WGeKLs1Pt8QuKUpRKfFLfRYC9AIKjbJTWit\"",
        "    - secretKey: api-key\n      remoteRef:\n        key: MySecretManagerKey\n",
    ] {
        assert_eq!(redact(text), text);
    }
}

#[test]
fn unusual_signs_between_name_and_value_are_seen_through() {
    for text in [
        "algolia_TOKEN :::= \"{}\"",
        "let password = getenv(\"DB_PASSWORD\") or \"{}\"",
        "pw = env('DB_PASSWORD') ?? '{}'",
        "> X-Gitlab-Password: {}",
        "\\\"connectkey\\\";s:32:\\\"{}\\\";",
        "<AdministratorPassword><Value>{}</Value></AdministratorPassword>",
        "buildConfigField 'String' , 'API_KEY' , '\"{}\"'",
    ] {
        let out = redact(&text.replace("{}", "951bc382db9cfee29c68634761dd6e19"));
        assert!(!out.contains("951bc") && out.contains("‹password:"), "{out}");
    }
}

#[test]
fn the_value_that_an_object_holds_for_a_secret_s_name_is_masked() {
    for text in [
        "password: {value: hunter22}\n",
        "  password:\n    value: hunter22\n  user: bob\n",
        "token_secret:\n  inline_string: \"hunter22-Zk3vQ\"\n",
        "{\"password\": {\"value\": \"hunter22\", \"from\": 1}}",
        "{\\\"password\\\":{\\\"inline_string\\\":\\\"hunter22\\\"}}",
        "password = { value = \"hunter22\" }",
        "keys:\n  - inline_bytes: hunter22\n",
        "<entry key=\"dbPassword\">hunter22</entry>",
    ] {
        let out = redact(text);
        assert!(!out.contains("hunter22") && out.contains('‹'), "{out}");
        assert_eq!(out.matches(['"', '{', '}']).count(), text.matches(['"', '{', '}']).count(), "{out}");
    }
    for text in ["password:\nvalue: hunter22\n", "password: {valueFrom: hunter22}", "password: {values: {a: hunter22}}"]
    {
        assert_eq!(redact(text), text);
    }
}

#[test]
fn of_two_secrets_close_behind_each_other_both_are_masked() {
    let text =
        r#"{"hmac_secret":{"inline_bytes":"aGVsbG8td29ybGQ="},"private_key":{"inline_bytes":"aGVsbG8tdGhlcmU="}}"#;
    let out = redact(text);
    assert!(!out.contains("aGVs"), "{out}");
}

#[test]
fn bytes_beside_a_secret_s_name_are_masked_and_other_numbers_stay() {
    let out = redact("map[host:db password:[104 117 110 116 101 114] retries:[1 2 3 4]]");
    assert!(out.starts_with("map[host:db password:[‹password:") && out.ends_with("›] retries:[1 2 3 4]]"), "{out}");
    for text in ["tokens:[1 2 3]", "password:[300 117 110 116]", "{\"token_lengths\":[104, 117, 110, 116]}"] {
        assert_eq!(redact(text), text);
    }
}

#[test]
fn a_secret_that_was_pasted_with_tabs_is_one() {
    for text in
        ["apiVersion: v1\nkind: Secret\ndata:\n\textra: YWRtaW4=\n", " data:\n \textra: YWRtaW4=\n kind: secret\n"]
    {
        let out = redact(text);
        assert!(!out.contains("YWRtaW4=") && out.contains("\textra: ‹kubernetes:"), "{out}");
    }
}

#[test]
fn a_token_whose_quotation_mark_is_never_closed_is_masked_to_its_end() {
    let token = super::samples::expand("{a32}").text;
    let out = redact(&format!("\"apiKey\": \"{token} and so on to the end of a line\n"));
    assert!(
        out.starts_with("\"apiKey\": \"‹password:") && out.ends_with("› and so on to the end of a line\n"),
        "{out}"
    );
}

#[test]
fn a_private_key_with_a_sign_too_many_is_one() {
    let key = super::samples::expand("-----BEGIN RSA PRI{}VATE KEY-----\n{b30}%{b33}\n").text;
    let out = redact(&key);
    assert!(out.starts_with("‹private-key:") && out.ends_with("›\n\n"), "{out}");
}

#[test]
fn a_line_that_assigns_is_not_joined_with_the_next_as_wrapped_base64() {
    let id = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";
    let out = redact(&format!("secret_id={id}\nuser=bob\nplain=text\n"));
    assert!(!out.contains(id) && out.ends_with("›\nuser=bob\nplain=text\n"), "{out}");
}
