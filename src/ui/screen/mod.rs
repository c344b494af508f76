//! What is waited for, while it is: a block of lines that is drawn again and again on a terminal, or
//! lines that tell of changes where there is none. All of it goes to standard error.
//!
//! Several releases share one screen: each has a line, and below it lines for what it waits for.

mod block;
mod board;

use std::io::{IsTerminal as _, Write as _};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::backend::Event;
use block::Block;
use board::Board;

/// How often the block is drawn, and lines are looked for.
const TICK: Duration = Duration::from_millis(250);

/// How progress is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Show {
    /// Not at all.
    #[default]
    Nothing,
    /// In lines that stay.
    Lines,
    /// In a block that is drawn again and again.
    Block,
}

impl Show {
    /// What fits standard error.
    pub fn fitting() -> Show {
        match std::io::stderr().is_terminal() {
            true => Show::Block,
            false => Show::Lines,
        }
    }
}

/// What several releases show together; all copies are one.
#[derive(Clone)]
pub struct Screen {
    shared: Arc<Shared>,
    show: Show,
}

struct Shared {
    board: Mutex<Board>,
    block: Mutex<Block>,
    ticker: Mutex<Option<Ticker>>,
}

/// What draws while nothing happens; it begins with the first event.
struct Ticker {
    /// Dropped to end it.
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl Screen {
    /// Nothing is shown before something happens.
    pub fn new(show: Show, is_painted: bool) -> Screen {
        Screen {
            shared: Arc::new(Shared {
                board: Mutex::new(Board::new(is_painted)),
                block: Mutex::default(),
                ticker: Mutex::default(),
            }),
            show,
        }
    }

    /// Shows what happens to a release; events that are no progress are left alone.
    pub fn tell(&self, release: &str, event: &Event) {
        if self.show == Show::Nothing {
            return;
        }
        let now = Instant::now();
        match event {
            Event::Step(step) => self.board(|board| board.step(release, step, now)),
            Event::Waiting(waiting) => self.board(|board| board.wait(release, waiting, now)),
            _ => return,
        }
        self.start();
        self.refresh(now);
    }

    /// A release needs no line any more.
    pub fn leave(&self, release: &str) {
        self.board(|board| board.leave(release));
        self.refresh(Instant::now());
    }

    /// Lets others write to the terminal; the block is out of the way meanwhile.
    pub fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        match self.show {
            Show::Block => {
                let block = self.lock_block();
                put(&block.clear(size().0));
                let written = write();
                put(&block.again());
                written
            }
            Show::Nothing | Show::Lines => write(),
        }
    }

    /// Takes away all that was drawn, for good.
    pub fn close(&self) {
        let ticker = self.lock_ticker().take();
        if let Some(Ticker { stop, thread }) = ticker {
            drop(stop);
            // It has nothing to say but that it is over.
            let _ = thread.join();
        }
        if self.show == Show::Block {
            put(&self.lock_block().close(size().0));
        }
    }

    fn board<T>(&self, act: impl FnOnce(&mut Board) -> T) -> T {
        let board = self.shared.board.lock();
        act(&mut board.unwrap_or_else(PoisonError::into_inner))
    }

    fn lock_block(&self) -> std::sync::MutexGuard<'_, Block> {
        let block = self.shared.block.lock();
        block.unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_ticker(&self) -> std::sync::MutexGuard<'_, Option<Ticker>> {
        let ticker = self.shared.ticker.lock();
        ticker.unwrap_or_else(PoisonError::into_inner)
    }

    fn refresh(&self, now: Instant) {
        match self.show {
            Show::Nothing => {}
            Show::Lines => {
                let lines = self.board(|board| board.lines(now));
                put(&lines);
            }
            Show::Block => {
                let (width, height) = size();
                let lines = self.board(|board| board.block(width, height, now));
                put(&self.lock_block().draw(lines, width));
            }
        }
    }

    fn start(&self) {
        let mut ticker = self.lock_ticker();
        if ticker.is_some() || self.lock_block().is_closed() {
            return;
        }
        let (stop, stopped) = channel::<()>();
        let screen = self.clone();
        let draw = move || {
            while stopped.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                screen.refresh(Instant::now());
            }
        };
        // Without it the screen changes with events alone.
        if let Ok(thread) = std::thread::Builder::new().spawn(draw) {
            *ticker = Some(Ticker { stop, thread });
        }
    }
}

/// How many letters and lines there are.
fn size() -> (usize, usize) {
    let size = terminal_size::terminal_size_of(std::io::stderr());
    size.map_or((80, 24), |(width, height)| {
        (width.0.into(), height.0.into())
    })
}

/// Writes to standard error. There is no one to tell that nobody reads it.
fn put(text: &str) {
    if !text.is_empty() {
        let _ = std::io::stderr().lock().write_all(text.as_bytes());
    }
}
