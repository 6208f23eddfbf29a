//! Slow work on many objects, in turns by namespace: whoever asks for much waits behind themselves, and nobody else behind
//! them. What fails is tried again later and holds no place meanwhile. Not for: reconciles, which are quick (`queue.rs`),
//! nor for what the work is.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures::{StreamExt, stream};
use tokio::sync::Notify;
use tokio_util::task::AbortOnDropHandle;

use super::backoff::Backoff;
use super::cache::Key;
use super::errors::Error;

/// How much is done at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    pub(super) at_once: usize,
    pub(super) of_one_namespace: usize,
}

/// Who waits for one kind of work.
#[derive(Debug)]
pub(super) struct Turns {
    what: &'static str,
    room: Room,
    backoff: Backoff,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// All that wait, failed or are worked on: each is here once, however often it was asked for.
    in_hand: HashSet<Key>,
    /// Namespaces of which something waits, the one whose turn is next first.
    order: VecDeque<String>,
    /// What waits of each of them, and since when.
    waiting: HashMap<String, VecDeque<(Key, Instant)>>,
    /// What failed, and when it is tried again.
    later: BTreeSet<(Instant, Key)>,
    /// How many are worked on.
    running: HashMap<String, usize>,
}

impl Turns {
    /// `what` is the work in words, for the log; `retry` the wait after a first failure.
    pub(super) fn new(what: &'static str, room: Room, retry: Duration) -> Self {
        let (backoff, state) = (Backoff::starting_with(retry), Mutex::default());
        Self { what, room, backoff, state, changed: Notify::new() }
    }

    /// Asks for the work on `key`, unless it is in hand.
    pub(super) fn ask(&self, key: Key) {
        let mut state = self.state();
        if state.in_hand.insert(key.clone()) {
            state.wait(key, Instant::now());
            self.changed.notify_one();
        }
    }

    /// Does `work` on whatever is asked for, until it is dropped; it is given the key and since when it waits. `done` is
    /// called after a success, when `key` can be asked for again.
    pub(super) async fn run<F, Fut>(&self, work: F, done: impl Fn(&Key))
    where
        F: Fn(Key, Instant) -> Fut,
        Fut: Future<Output = Result<(), Error>> + Send + 'static,
    {
        stream::unfold((), |()| async { Some((self.next().await, ())) })
            .for_each_concurrent(self.room.at_once, |(key, asked_at)| {
                // A task of its own: a panic in it ends this turn, not the loop. It ends with the loop, too.
                let turn = AbortOnDropHandle::new(tokio::spawn(work(key.clone(), asked_at)));
                let done = &done;
                async move {
                    let result = turn.await.unwrap_or_else(|panic| Err(Error::Panicked(panic.to_string())));
                    if self.end(&key, result) {
                        done(&key);
                    }
                }
            })
            .await;
    }

    async fn next(&self) -> (Key, Instant) {
        loop {
            let taken = self.state().take(self.room, Instant::now());
            match taken {
                Ok(next) => return next,
                Err(None) => self.changed.notified().await,
                Err(Some(at)) => {
                    let wait = at.saturating_duration_since(Instant::now());
                    // Either way it is looked at again.
                    let _ = tokio::time::timeout(wait, self.changed.notified()).await;
                }
            }
        }
    }

    /// Ends a turn; answers whether it went well.
    fn end(&self, key: &Key, result: Result<(), Error>) -> bool {
        let retry = match result {
            Ok(()) => None,
            Err(error) if error.is_gone() => None,
            Err(error) => {
                let wait = self.backoff.failed(key);
                let seconds = wait.as_secs_f32();
                tracing::warn!(what = self.what, case = %key, %error, retry_in_seconds = seconds, "failed");
                Some(Instant::now() + wait)
            }
        };
        if retry.is_none() {
            self.backoff.succeeded(key);
        }
        self.state().end(key, retry);
        self.changed.notify_one();
        retry.is_none()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn wait(&mut self, key: Key, since: Instant) {
        let waiting = self.waiting.entry(key.namespace.clone()).or_default();
        if waiting.is_empty() {
            self.order.push_back(key.namespace.clone());
        }
        waiting.push_back((key, since));
    }

    /// The next to be worked on; else when to look again, where time alone brings something.
    fn take(&mut self, room: Room, now: Instant) -> Result<(Key, Instant), Option<Instant>> {
        while let Some((at, key)) = self.later.pop_first() {
            if at > now {
                self.later.insert((at, key));
                break;
            }
            self.wait(key, at);
        }
        let has_room = |namespace: &String| self.running.get(namespace).is_none_or(|n| *n < room.of_one_namespace);
        let namespace = self.order.iter().position(has_room).and_then(|turn| self.order.remove(turn));
        let next = namespace.and_then(|namespace| {
            let waiting = self.waiting.get_mut(&namespace)?;
            let next = waiting.pop_front()?;
            *self.running.entry(namespace.clone()).or_default() += 1;
            if waiting.is_empty() {
                self.waiting.remove(&namespace);
            } else {
                self.order.push_back(namespace);
            }
            Some(next)
        });
        next.ok_or_else(|| self.later.first().map(|(at, _)| *at))
    }

    fn end(&mut self, key: &Key, retry: Option<Instant>) {
        if let Some(running) = self.running.get_mut(&key.namespace) {
            *running = running.saturating_sub(1);
            if *running == 0 {
                self.running.remove(&key.namespace);
            }
        }
        match retry {
            Some(at) => {
                self.later.insert((at, key.clone()));
            }
            None => {
                self.in_hand.remove(key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    const ROOM: Room = Room { at_once: 4, of_one_namespace: 2 };

    fn turns(asked: &[&str]) -> Turns {
        let turns = Turns::new("testing", ROOM, Duration::from_millis(1));
        for key in asked {
            turns.ask(key_of(key));
        }
        turns
    }

    fn key_of(text: &str) -> Key {
        let (namespace, name) = text.split_once('/').unwrap();
        Key::new(Some(namespace), name)
    }

    fn take(turns: &Turns) -> Option<String> {
        turns.state().take(ROOM, Instant::now()).ok().map(|(key, _)| key.to_string())
    }

    #[test]
    fn ruling_37_namespaces_take_turns_and_each_keeps_its_order() {
        let turns = turns(&["a/1", "a/2", "a/3", "b/1", "c/1", "b/2"]);
        let taken: Vec<_> = std::iter::from_fn(|| take(&turns)).collect();
        assert_eq!(taken, ["a/1", "b/1", "c/1", "a/2", "b/2"], "the third of one namespace finds no room");
        turns.end(&key_of("a/1"), Ok(()));
        assert_eq!(take(&turns).as_deref(), Some("a/3"));
        assert_eq!(take(&turns), None);
    }

    #[test]
    fn what_is_in_hand_is_not_there_twice() {
        let turns = turns(&["a/1", "a/1"]);
        assert_eq!(take(&turns).as_deref(), Some("a/1"));
        turns.ask(key_of("a/1"));
        assert_eq!(take(&turns), None);
        turns.end(&key_of("a/1"), Ok(()));
        turns.ask(key_of("a/1"));
        assert_eq!(take(&turns).as_deref(), Some("a/1"));
    }

    #[test]
    fn what_failed_holds_no_place_until_it_is_tried_again() {
        let turns = turns(&["a/1"]);
        assert_eq!(take(&turns).as_deref(), Some("a/1"));
        assert!(!turns.end(&key_of("a/1"), Err(Error::TimedOut(Duration::ZERO))));
        assert!(turns.state().running.is_empty());
        let at = turns.state().later.first().unwrap().0;
        let mut state = turns.state();
        assert_eq!(state.take(ROOM, at - Duration::from_nanos(1)), Err(Some(at)));
        assert_eq!(state.take(ROOM, at).unwrap().0, key_of("a/1"));
    }

    #[tokio::test]
    async fn a_panic_in_one_turn_stops_no_other() {
        let turns = Arc::new(turns(&["a/bad", "a/good", "b/good"]));
        let good = Arc::new(AtomicU32::new(0));
        let (looped, counted) = (turns.clone(), good.clone());
        let looped = tokio::spawn(async move {
            let work = |key: Key, _| async move {
                assert_ne!(key.name, "bad", "this one is bad");
                Ok(())
            };
            let done = |_: &Key| {
                counted.fetch_add(1, Ordering::SeqCst);
            };
            looped.run(work, done).await;
        });
        let deadline = Instant::now() + Duration::from_secs(10);
        while good.load(Ordering::SeqCst) < 2 && Instant::now() < deadline {
            tokio::task::yield_now().await;
        }
        assert_eq!(good.load(Ordering::SeqCst), 2);
        looped.abort();
    }
}
