//! Requests that are no clean JSON. Not for: clean JSON that says something wrong.

use super::{good, place, trial};
use crate::call::{Answer, send};

#[tokio::test]
async fn i2_i16_i31_bytes_that_are_no_clean_json_are_refused() {
    let (client, namespace) = place("i31").await;
    let good = good("SupportCase").to_string();
    let post = async |body: Vec<u8>| -> Answer {
        send(&client, "POST", &trial("SupportCase", &namespace), "application/json", body).await
    };
    let title = r#""title":"503 between checkout and payments""#;
    assert!(good.contains(title));
    let twice = good.replace(title, &format!(r#"{title},"title":"b""#));
    post(twice.into_bytes()).await.must_be("I31 twice", 400, &["duplicate field \"spec.title\""]);
    let deep = good.replace(title, &format!(r#"{title},"deep":{}{}"#, "[".repeat(10_001), "]".repeat(10_001)));
    post(deep.into_bytes()).await.must_be("I31 depth", 400, &["exceeded max depth"]);
    post([&[0xef, 0xbb, 0xbf], good.as_bytes()].concat()).await.must_be("I31 BOM", 400, &["invalid character"]);
    let huge = good.replace(":60", ":1e400");
    assert!(huge.contains("1e400"));
    post(huge.into_bytes()).await.must_be("I16 1e400", 400, &["1e400"]);
    let mut torn = good.clone().into_bytes();
    let place = good.find("503 between").unwrap();
    torn[place] = 0xff;
    // The server reads such a byte as U+FFFD; the rule on the text refuses that.
    let parts = ["spec.title: Invalid value", "must be UTF-8"];
    post(torn).await.must_be("I31 invalid UTF-8", 422, &parts);
    post(good.as_bytes()[..good.len() - 1].to_vec()).await.must_be("cut short", 400, &[]);
    post(Vec::new()).await.must_be("nothing", 400, &[]);
}
