//! Secrets that one tool or protocol writes in a way of its own. Not for: what people type and tell, and vendors' token
//! shapes.

use super::super::family::Family;
use super::super::rule::{Expression, Rule};
use super::super::{decode, value};
use super::{not_harmless, row};

/// Whether base64 begins a private key or a key store in DER: a sequence that begins with a version (RFC 8017, 5208, 5915,
/// 7292) or with the way in which it is encrypted (RFC 8018).
fn private_der(found: &[u8]) -> bool {
    const PASSWORD_BASED: &[u8] = &[0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x05];
    let Some(bytes) = decode::decode_base64(&found[..found.len().min(48)]) else { return false };
    let Some(body) = inside(&bytes, 0x30) else { return false };
    match body {
        [0x02, 0x01, 0x00, 0x02, ..] | [0x02, 0x01, 0x00 | 0x01 | 0x03, 0x30, ..] | [0x02, 0x01, 0x01, 0x04, ..] => {
            true
        }
        _ => inside(body, 0x30).is_some_and(|inner| inner.starts_with(PASSWORD_BASED)),
    }
}

/// What stands within a DER value of this tag, as far as it is there.
fn inside(bytes: &[u8], tag: u8) -> Option<&[u8]> {
    let rest = bytes.strip_prefix(&[tag])?;
    let length = match *rest.first()? {
        long @ 0x81..=0x84 => 1 + usize::from(long - 0x80),
        0x00..=0x7F => 1,
        _ => return None,
    };
    rest.get(length..)
}

pub(super) const RULES: &[Rule] = &[
    row("der-key", Family::PrivateKey, "private keys and key stores in DER, in base64 without a frame", Expression::new(&["mii", "mig", "mih", "mhc", "mhq", "mhg", "mc4c", "mdec", "mecc"], r"M[A-Za-z0-9+/]{40,}={0,2}").reach(16384).check(private_der), &["signing with ⟦MIIEpAIB{}AAKCAQEA{b300}⟧", "⟦MC4CAQAw{}BQYDK2VwBCIEI{b43}⟧", "⟦MIIFHDBO{}BgkqhkiG9w0BBQ0w{b120}⟧"], &["MIIDdzCCAl+gAwIBAgIE{b120}", "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A{b120}", "MIIEVALUE"]),
    row("storage-secret", Family::Kubernetes, "Secrets that storage drivers log in their protocol's text form", Expression::new(&["secrets:<key:", "secrets:{key:", "secrets: <key:", "secrets: {key:"], r#"secrets: ?[<{]key:\\?"[^"\n]{1,128}" {1,4}value:\\?"([^"\\\n]{1,4096})"#).reach(4400).check(not_harmless), &["secrets:<key:\"userKey\" value:\"⟦open{}sesame⟧\" >", "secrets:{key:\"userKey\" value:\"⟦{a12}⟧\"}"], &["secrets:<key:\"userKey\" value:\"***stripped***\" >"]),
    row("ceph-key", Family::Password, "keys of Ceph's users", Expression::new(&["key aq", "key=aq", "key: aq", "key = aq"], r"(?i:key)(?: ?[=:] ?| )(AQ[A-Za-z0-9+/]{34,40}={0,2})").check(value::has_digit_and_cases), &["pool rbd id admin key ⟦AQ{b36}9aA==⟧", "id=cinder:key=⟦AQ{b36}9aA==⟧:auth_supported=cephx"], &["key aqueduct"]),
    row("iscsi-password", Family::Password, "CHAP passwords of iSCSI among iscsiadm's arguments", Expression::new(&["iscsiadm"], r#"iscsiadm\s[^\n]{0,240}?auth\.password(?:_in)?["']? (?:-v|--value)[ =]["']?([^\s"']{2,})"#).reach(400).check(not_harmless), &["iscsiadm -o update -n node.session.auth.password -v ⟦open{}sesame⟧"], &["iscsiadm -o update -n node.session.auth.password -v $CHAP", "iscsiadm -m node -l"]),
    row("import-url", Family::UrlCredential, "URLs by which a cluster is registered at Rancher", Expression::new(&["/v3/import/"], r"/v3/import/([a-z0-9]{40,64})_"), &["curl https://r.example/v3/import/⟦{l54}⟧_c-m-abcd1234.yaml"], &["https://r.example/v3/import/help"]),
    row("encoded-api-key", Family::Monitoring, "Elasticsearch's API keys in their encoded form", Expression::new(&["\"encoded\""], r#""api_key"\s{0,4}:\s{0,4}"[^"\n]{1,64}"\s{0,4},\s{0,16}"encoded"\s{0,4}:\s{0,4}"([A-Za-z0-9+/]{20,128}={0,2})"#).lead(120), &["{\"id\":\"x\",\"api_key\":\"{a22}\",\"encoded\":\"⟦{b60}⟧\"}"], &["{\"encoded\":\"aGVsbG8gd29ybGQgb2YgbG9ncw==\"}"]),
    row("slash-password", Family::ConnectionString, "a password behind a user and a slash, as Neo4j takes it", Expression::new(&["neo4j_auth"], r#"(?i:neo4j_auth)["']?\s{0,4}[=:]\s{0,4}["']?neo4j/([^\s"']{3,128})"#).check(not_harmless), &["NEO4J_AUTH=neo4j/⟦open{}sesame⟧"], &["NEO4J_AUTH=none", "NEO4J_AUTH=neo4j/${PW}"]),
    row("pipeline-secret", Family::Password, "values that a pipeline announces as secret: GitHub's add-mask, Azure's setvariable", Expression::new(&["::add-mask::", "##vso[task.setvariable", "##vso[task.setsecret"], r#"::add-mask::([^\r\n"'\\]{2,512})|##vso\[task\.setvariable [^\]\n]{0,160}issecret=true[^\]\n]{0,80}\]([^\r\n"'\\]{2,512})|##vso\[task\.setsecret\]([^\r\n"'\\]{2,512})"#).reach(800).check(not_harmless), &["::add-mask::⟦open{}sesame⟧", "##vso[task.setvariable variable=x;issecret=true]⟦open{}sesame⟧"], &["##vso[task.setvariable variable=x]production", "::add-mask::***"]),
    row("one-time-code", Family::Password, "codes that are valid once, and PINs", Expression::new(&["otp", "pin\"", "pin\\\"", "pin:", "pin=", "one-time", "one time", "code is ", "code: "], r#"(?i)\b(?:[ht]?otp|one[-_ ]?time[-_ ]?(?:code|password|pin)|(?:user|card|sim|sms)?[-_ ]?pin)(?:_?code)?["'\\]{0,4}\s?[:=]\s?["'\\]{0,4}([0-9]{4,8})\b|\b(?:verification|security|login|access|confirmation|authentication|one-time) code(?: is|:) ([0-9]{4,8})\b"#).lead(24), &["{\"pin\":\"⟦{d6}⟧\"}", "the otp=⟦{d6}⟧ of bob", "Your verification code is ⟦{d6}⟧"], &["gpio pin: 7", "exit code: 137", "status code is 4040", "spin: 12345"]),
    row("sign-in-link", Family::QuerySecret, "links that sign in whoever has them, and verifiers of PKCE (RFC 7636)", Expression::new(&["/magic", "/signin", "/sign-in", "/login/", "/invite", "/verify", "code_verifier"], r#"/(?:magic|signin|sign-in|login|invite|verify)[a-z/_-]{0,24}\?(?:t|k|c|h|id)=([A-Za-z0-9_-]{16,128})|(?i:code_verifier)["'\\]{0,4}\s?[:=]\s?["'\\]{0,4}([A-Za-z0-9._~-]{20,128})"#).check(value::random), &["https://app.example/login/magic?t=⟦{a32}⟧", "code_verifier=⟦{a43}⟧"], &["https://app.example/login/page?t=internal-error-of-the-shop"]),
    row("shown-secret", Family::Password, "what a shell shows below a command that prints a secret", Expression::new(&["echo $", "echo \"$", "bw get ", "op read ", "op item get", "pass show ", "lpass show"], concat!(r#"(?:echo "?\$\{?[A-Z0-9_]{0,40}(?:PASS|PASSWORD|PASSWD|PWD|SECRET|TOKEN|KEY)[A-Z0-9_]{0,16}\}?"?|bw get password [^\n]{1,80}|op (?:read|item get) [^\n]{1,160}|l?pass show [^\n]{1,120})"#, next_line!(), r#"([^\s$#%>"'][^\s]{5,256})(?:\s|$)"#)).reach(600).check(value::is_told_by_shell), &["$ echo $DB_PASSWORD\n⟦Violet_{}Harbor42⟧\n", "$ bw get password db\n⟦Violet_{}Harbor42⟧\n"], &["$ echo $DB_PASSWORD\n$ ls\n", "$ bw get password db\nNot found.\n"]),
    row("told-change", Family::Password, "passwords told after the word in other languages, and both of a change", Expression::new(&["mot de passe", "contraseña", "contrasena", "senha", "password from ", "(pw "], r#"(?i)(?:mot de passe|contrase(?:ñ|n)a|senha)(?: [^\s"':]{1,16}){0,3}(?: (?:est|es|é|e|:))?[: ]{1,2}(?:"|'|«)?\s?([^\s"'`]{6,64})|(?:password|passwort) from ["']?([^\s"']{6,64})["']? to\b|\(pw:? ["']?([^\s"')]{6,64})"#).check(value::is_told), &["Le mot de passe est ⟦velvet{}1659Syrup⟧", "changed password from ⟦velvet_{}Oyster329⟧ to x", "log in as admin (pw ⟦Violet_{}Harbor42⟧)"], &["mot de passe oublié", "change password from the menu to continue"]),
];
