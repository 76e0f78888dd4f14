//! Writes the ledger and the log of decisions: one thread, many answers to a transaction.
//!
//! What holds money back or gives it free is written at once, with all else of that kind that waits.
//! What only tells (an answer that cost nothing, a decision with its outcome) may wait a moment for
//! others: a crash loses it, and no money with it. A reservation is told when it is committed, never
//! before.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use studio_core::Error;
use studio_core::units::MicroUsd;
use studio_llm::chat::Usage;
use studio_store::{Booking, DecisionRecord, Home, Limits, Purchase, Reserved, Standing};
use tokio::sync::oneshot;

/// How long a note waits for others.
const LINGER: Duration = Duration::from_millis(20);
/// Orders to a transaction.
const BATCH: usize = 256;

/// Who pays, and for what.
#[derive(Clone, Debug, Default)]
pub(crate) struct Buyer {
    pub(crate) run: String,
    pub(crate) operation: &'static str,
    pub(crate) project: Option<String>,
    pub(crate) purpose: String,
    pub(crate) key: Option<String>,
}

impl Buyer {
    fn purchase<'a>(&'a self, model: Option<&'a str>) -> Purchase<'a> {
        Purchase {
            run: &self.run,
            operation: self.operation,
            project: self.project.as_deref(),
            purpose: &self.purpose,
            model,
            key: self.key.as_deref(),
        }
    }
}

/// Dropping it writes what waits.
pub(crate) struct Books {
    orders: Option<Sender<Order>>,
    keeper: Option<JoinHandle<()>>,
}

type Told = oneshot::Sender<Result<Result<Reserved, Standing>, Error>>;

enum Order {
    Reserve {
        buyer: Buyer,
        amount: MicroUsd,
        limits: Limits,
        told: Told,
    },
    Settle {
        entry: i64,
        spent: Option<MicroUsd>,
        answer: Option<(String, Usage)>,
    },
    Note(Note),
    /// Told when all before it is written.
    Flush(SyncSender<()>),
}

enum Note {
    Free {
        buyer: Buyer,
        model: String,
        usage: Usage,
    },
    Decision(Box<DecisionRecord>),
}

impl Books {
    pub(crate) fn open(home: &Arc<Home>) -> Result<Books, Error> {
        let (orders, waiting) = channel();
        let home = home.clone();
        let keeper = std::thread::Builder::new()
            .name("books".to_owned())
            .spawn(move || keep(&home, &waiting))
            .map_err(|error| Error::io("start the thread that keeps the books", &error))?;
        Ok(Books {
            orders: Some(orders),
            keeper: Some(keeper),
        })
    }

    /// Sets `amount` aside, or tells the limit that it would pass. Nothing may be sent before this
    /// has answered.
    pub(crate) async fn reserve(
        &self,
        buyer: Buyer,
        amount: MicroUsd,
        limits: Limits,
    ) -> Result<Result<Reserved, Standing>, Error> {
        let (told, answer) = oneshot::channel();
        self.order(Order::Reserve {
            buyer,
            amount,
            limits,
            told,
        });
        answer
            .await
            .unwrap_or_else(|_| Err(Error::internal("the cost ledger is closed")))
    }

    /// Records what an entry really cost. Without a price, `spent` is absent.
    pub(crate) fn settle(
        &self,
        entry: i64,
        spent: Option<MicroUsd>,
        answer: Option<(String, Usage)>,
    ) {
        self.order(Order::Settle {
            entry,
            spent,
            answer,
        });
    }

    /// Records an answer that cost nothing.
    pub(crate) fn free(&self, buyer: Buyer, model: String, usage: Usage) {
        self.order(Order::Note(Note::Free {
            buyer,
            model,
            usage,
        }));
    }

    pub(crate) fn decided(&self, record: DecisionRecord) {
        self.order(Order::Note(Note::Decision(Box::new(record))));
    }

    /// Waits until everything that was ordered before is written. Blocks.
    pub(crate) fn flush(&self) {
        let (told, written) = sync_channel(1);
        self.order(Order::Flush(told));
        // An error means that the keeper is gone, and nothing is left to wait for.
        let _ = written.recv();
    }

    fn order(&self, order: Order) {
        if let Some(orders) = &self.orders
            && orders.send(order).is_err()
        {
            tracing::error!("the cost ledger is closed; an entry was not written");
        }
    }
}

impl Drop for Books {
    fn drop(&mut self) {
        self.orders = None;
        if let Some(keeper) = self.keeper.take()
            && keeper.join().is_err()
        {
            tracing::error!("the thread that kept the books crashed");
        }
    }
}

fn keep(home: &Home, orders: &Receiver<Order>) {
    let mut notes = Vec::new();
    let mut since = Instant::now();
    loop {
        let first = if notes.is_empty() {
            orders.recv().map_err(|_| RecvTimeoutError::Disconnected)
        } else {
            orders.recv_timeout(LINGER.saturating_sub(since.elapsed()))
        };
        let first = match first {
            Ok(order) => order,
            Err(ended) => {
                write_notes(home, &mut notes);
                if ended == RecvTimeoutError::Disconnected {
                    return;
                }
                continue;
            }
        };
        let (mut urgent, mut waiting) = (Vec::new(), Vec::new());
        for order in std::iter::once(first).chain(orders.try_iter().take(BATCH)) {
            match order {
                Order::Flush(told) => waiting.push(told),
                Order::Note(note) => {
                    if notes.is_empty() {
                        since = Instant::now();
                    }
                    notes.push(note);
                }
                order => urgent.push(order),
            }
        }
        write_urgent(home, urgent);
        if notes.len() >= BATCH || !waiting.is_empty() || since.elapsed() >= LINGER {
            write_notes(home, &mut notes);
        }
        for told in waiting {
            // Who asked may have left.
            let _ = told.send(());
        }
    }
}

fn write_urgent(home: &Home, orders: Vec<Order>) {
    if orders.is_empty() {
        return;
    }
    let bookings: Vec<Booking<'_>> = orders.iter().filter_map(booking).collect();
    let booked = home.ledger().book(&bookings);
    let mut reserved = match booked {
        Ok(reserved) => Ok(reserved.into_iter()),
        Err(error) => Err(Error::from(error)),
    };
    let mut abandoned = Vec::new();
    for order in orders {
        match (order, &mut reserved) {
            (Order::Reserve { told, .. }, Ok(reserved)) => {
                let Some(answer) = reserved.next() else {
                    continue;
                };
                // Who asked may have left meanwhile: nothing was sent, so nothing is spent.
                if let Err(Ok(Ok(unheard))) = told.send(Ok(answer)) {
                    abandoned.push(unheard.entry);
                }
            }
            (Order::Reserve { told, .. }, Err(error)) => {
                let _ = told.send(Err(error.clone()));
            }
            (Order::Settle { entry, .. }, Err(error)) => {
                tracing::error!(%error, entry, "an answer was not settled; its money stays set aside");
            }
            _ => {}
        }
    }
    for entry in abandoned {
        if let Err(error) = home.ledger().settle(entry, MicroUsd(0)) {
            tracing::error!(%error, entry, "money that nobody wants stays set aside");
        }
    }
}

fn booking(order: &Order) -> Option<Booking<'_>> {
    match order {
        Order::Reserve {
            buyer,
            amount,
            limits,
            ..
        } => Some(Booking::Reserve {
            purchase: buyer.purchase(None),
            amount: *amount,
            limits: *limits,
        }),
        Order::Settle {
            entry,
            spent,
            answer,
        } => Some(Booking::Settle {
            entry: *entry,
            spent: *spent,
            answer: answer
                .as_ref()
                .map(|(model, usage)| (model.as_str(), *usage)),
        }),
        Order::Note(_) | Order::Flush(_) => None,
    }
}

fn write_notes(home: &Home, notes: &mut Vec<Note>) {
    if notes.is_empty() {
        return;
    }
    let (mut free, mut decisions) = (Vec::new(), Vec::new());
    for note in notes.drain(..) {
        match note {
            Note::Free {
                buyer,
                model,
                usage,
            } => free.push((buyer, model, usage)),
            Note::Decision(record) => decisions.push(*record),
        }
    }
    let bookings: Vec<Booking<'_>> = free
        .iter()
        .map(|(buyer, model, usage)| Booking::Free {
            purchase: buyer.purchase(Some(model)),
            usage: *usage,
        })
        .collect();
    if !bookings.is_empty()
        && let Err(error) = home.ledger().book(&bookings)
    {
        tracing::warn!(%error, "answers that cost nothing were not recorded");
    }
    if !decisions.is_empty()
        && let Err(error) = home.decisions().record(&decisions)
    {
        tracing::warn!(%error, "decisions were not recorded");
    }
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;
    use studio_store::Scope;

    use super::*;

    fn open() -> (tempfile::TempDir, Arc<Home>, Books) {
        let folder = tempfile::tempdir().unwrap();
        let home = Arc::new(Home::open(Utf8Path::from_path(folder.path()).unwrap()).unwrap());
        let books = Books::open(&home).unwrap();
        (folder, home, books)
    }

    fn day(limit: i64) -> Limits {
        Limits {
            day: MicroUsd(limit),
            ..Limits::default()
        }
    }

    fn taken(home: &Home) -> i64 {
        let today = jiff::Timestamp::now().to_string();
        home.ledger().taken(Scope::Day, &today[..10]).unwrap().0
    }

    #[tokio::test]
    async fn what_was_set_aside_is_in_the_file_when_it_is_told() {
        let (_folder, home, books) = open();
        let reserve = |amount| books.reserve(Buyer::default(), MicroUsd(amount), day(100));
        let first = reserve(60).await.unwrap().unwrap();
        assert_eq!(taken(&home), 60);
        assert_eq!(reserve(41).await.unwrap().unwrap_err().taken.0, 60);
        books.settle(first.entry, Some(MicroUsd(7)), None);
        assert!(reserve(93).await.unwrap().is_ok(), "settled before it");
        assert_eq!(taken(&home), 100);
    }

    #[tokio::test]
    async fn money_of_one_who_left_is_given_back() {
        let (_folder, home, books) = open();
        for _ in 0..20 {
            // Polled once, so that it is ordered, and dropped before it is told.
            let asked = books.reserve(Buyer::default(), MicroUsd(5), day(100));
            let _ = futures_util::FutureExt::now_or_never(asked);
        }
        books.flush();
        assert_eq!(taken(&home), 0);
    }

    #[test]
    fn closing_the_books_writes_what_waits() {
        let (_folder, home, books) = open();
        books.free(Buyer::default(), "x/a".to_owned(), Usage::default());
        drop(books);
        assert_eq!(home.ledger().entries("2000").unwrap().len(), 1);
    }
}
