//! The examples, as a user applies them. Not for: what the operator makes of them in every detail; the demonstration shows that.

use meshcase_lab::Lab;

#[tokio::test]
async fn the_examples_apply_as_they_stand_without_a_warning() {
    // The examples have a default contract and a fixed namespace: a laboratory of their own.
    let lab = Lab::start().await.unwrap();
    lab.install_meshcase().await.unwrap();
    let applied = lab.kubectl(&["apply", "--server-side", "-f", "examples/"]).await.unwrap().successful().unwrap();
    assert_eq!(applied.stderr, "");
    let objects = applied.stdout.lines().filter(|line| line.ends_with(" serverside-applied")).count();
    assert_eq!(objects, 14, "{}", applied.stdout);
}
