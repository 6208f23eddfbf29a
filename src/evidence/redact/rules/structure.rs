//! Secrets known by the structure around them: keys, headers, URLs, names. Not for: vendors' token shapes.

use super::super::family::Family;
use super::super::rule::{Detector, Expression, Rule};
use super::super::value;

const fn row(
    id: &'static str,
    family: Family,
    finds: &'static str,
    expression: Expression,
    positive: &'static [&'static str],
    negative: &'static [&'static str],
) -> Rule {
    Rule { id, family, finds, detector: Detector::Expression(expression), positive, negative }
}

fn not_harmless(found: &[u8]) -> bool {
    !value::is_harmless(found)
}

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "private-key",
        family: Family::PrivateKey,
        finds: "PEM blocks of private keys, also with escaped line ends or a prefix before each line",
        detector: Detector::Pem,
        positive: &["⟦-----BEGIN RSA PRI{}VATE KEY-----\n{b64}\n{b64}\n{b40}\n-----END RSA PRI{}VATE KEY-----⟧"],
        negative: &["-----BEGIN CERTIFICATE-----\n{b64}\n-----END CERTIFICATE-----"],
    },
    row(
        "jwt",
        Family::Jwt,
        "JSON Web Tokens and encrypted ones",
        Expression::new(&["ey"], r"ey[A-Za-z0-9_-]{10,}\.ey[A-Za-z0-9_-]{10,}(?:\.[A-Za-z0-9_-]*)?|eyJ[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}").reach(8192),
        &["⟦{jwt}⟧"],
        &["keyA.keyB.keyC"],
    ),
    row(
        "authorization-header",
        Family::Header,
        "credentials of Authorization and Proxy-Authorization headers",
        Expression::new(&["authorization"], r#"(?i)authorization[\\"'\])]{0,8}[ \t]{0,4}[:=,][ \t]{0,4}[\[\\"']{0,8}(?:(?:basic|bearer|digest|negotiate|ntlm|token|apikey|aws4-hmac-sha256|splunk|key|bot|hawk|oauth)[ :+]{1,3}|%20)?([^\s"'\\,;\]})<>]{6,}(?:,? ?[a-zA-Z]{2,20}="?[^\s",\\]+"?){0,16})"#).reach(4096).check(not_harmless),
        &["Authorization: Bearer ⟦{a40}⟧", "authorization: Basic ⟦{b30}==⟧"],
        &["authorization: Bearer ${TOKEN}", "Authorization: none"],
    ),
    row(
        "cookie-header",
        Family::Header,
        "values of Cookie and Set-Cookie headers",
        Expression::new(&["cookie"], r#"(?i)cookie[\\"'\])]{0,8}[ \t]{0,4}[:=][ \t]{0,4}[\[\\"']{0,8}([A-Za-z0-9_.-]{1,64}=[^\s"'\\<>]{4,}(?:; ?[A-Za-z0-9_.-]+(?:=[^\s"'\\<>;]*)?;?)*)"#).reach(4096).check(not_harmless),
        &["Cookie: ⟦session={a32}; other={a20}⟧"],
        &["cookie: none"],
    ),
    row(
        "url-password",
        Family::UrlCredential,
        "passwords in URLs",
        Expression::new(&["://"], r"://[^\s/:@'\x22<>\\]{0,128}:([^\s/@'\x22<>\\]{1,512})@[A-Za-z0-9\[_%$.{-]").check(not_harmless),
        &["postgres://admin:⟦{a12}⟧@db.prod.svc:5432/app"],
        &["http://example.com:8080/a@b", "https://user:${PASSWORD}@host/"],
    ),
    row(
        "aws-access-key-id",
        Family::Aws,
        "AWS access key ids",
        Expression::new(&["AKIA", "ASIA", "ABIA", "ACCA"], r"A(?:KIA|SIA|BIA|CCA)[A-Z0-9]{16}").exact(),
        &["⟦AKIA{u16}⟧"],
        &["AKIA-short"],
    ),
    Rule {
        id: "name-value",
        family: Family::Password,
        finds: "values beside a name that says secret, in every common notation",
        detector: Detector::Assignment,
        positive: &["password=⟦hunt{}er2⟧", "\"apiKey\": \"⟦{a32}⟧\"", "  dbPassword: ⟦{a14}⟧"],
        negative: &["tokenExpirationSeconds: 3607", "password: true", "secretName: istio-ca-secret", "--token-file=/var/run/secrets/token"],
    },
];
