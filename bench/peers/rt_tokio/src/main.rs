// SPDX-License-Identifier: MIT
//
// The benchmarks of the runtime, on tokio. See bench/rt.h for what each name means and what is printed.
//
//     rt_tokio NAME OPERATIONS WORKERS [current|multi]
//
// One worker is measured in both flavors; the better one is the peer.

use std::sync::Arc;
use std::time::Instant;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, Notify};
use tokio::task::{yield_now, JoinHandle};

const BATCH: usize = 1000;
const WORK_SCALE: u32 = 75_000;
const WORK_STEAL: u32 = 3_000;

#[repr(C)]
struct Timespec {
    sec: i64,
    nsec: i64,
}

extern "C" {
    fn clock_gettime(id: i32, out: *mut Timespec) -> i32;
    fn sched_setaffinity(thread: i32, size: usize, set: *const u64) -> i32;
}

fn cpu_ns() -> f64 {
    let mut t = Timespec { sec: 0, nsec: 0 };
    unsafe { clock_gettime(2, &mut t) };
    t.sec as f64 * 1e9 + t.nsec as f64
}

/// Nanoseconds that the threads of this process were ready and did not run.
fn waited_ns() -> f64 {
    let mut sum = 0.0;
    for entry in std::fs::read_dir("/proc/self/task").unwrap().flatten() {
        if let Ok(text) = std::fs::read_to_string(entry.path().join("schedstat")) {
            sum += text.split(' ').nth(1).and_then(|v| v.parse().ok()).unwrap_or(0.0);
        }
    }
    sum
}

/// The measured part: its wall time, CPU time and what it waited for its cores.
struct Span {
    waited: f64,
    cpu: f64,
    wall: Instant,
}

impl Span {
    fn begin() -> Span {
        Span { waited: waited_ns(), cpu: cpu_ns(), wall: Instant::now() }
    }

    fn end(self, operations: usize) -> String {
        let wall = self.wall.elapsed().as_nanos() as f64;
        let cpu = cpu_ns() - self.cpu;
        let waited = waited_ns() - self.waited;
        let n = operations as f64;
        format!(
            "\"operations\": {}, \"wall_ns\": {:.3}, \"cpu_ns\": {:.3}, \"waited\": {:.5}",
            operations, wall / n, cpu / n, waited / wall
        )
    }
}

/// Pin the calling thread, the `index`-th that works, as RT_CORES says.
fn pin(index: usize) {
    if let Ok(cores) = std::env::var("RT_CORES") {
        let core = cores.split(',').nth(index).and_then(|c| c.parse().ok()).unwrap_or(0u32);
        let set = 1u64 << (core % 64);
        unsafe { sched_setaffinity(0, 8, &set) };
    }
}

/// The compiler cannot tell that `v` is not needed.
fn black_box<T: Copy>(v: T) -> T {
    unsafe { std::ptr::read_volatile(&v) }
}

#[inline(never)]
fn work(steps: u32, seed: u64) -> u64 {
    let mut x = seed | 1;
    for _ in 0..steps {
        x ^= x >> 29;
        x = x.wrapping_mul(0xbf58476d1ce4e5b9);
    }
    x
}

async fn spawn(n: usize) {
    for _ in 0..n {
        tokio::spawn(async {}).await.unwrap();
    }
}

async fn spawn_batch(n: usize) {
    let mut handles: Vec<JoinHandle<()>> = Vec::with_capacity(BATCH);
    for _ in 0..n / BATCH {
        for _ in 0..BATCH {
            handles.push(tokio::spawn(async {}));
        }
        for h in handles.drain(..) {
            h.await.unwrap();
        }
    }
}

async fn yields(n: usize) {
    for _ in 0..n {
        yield_now().await;
    }
}

async fn yield_many(n: usize) {
    let handles: Vec<_> = (0..BATCH).map(|_| tokio::spawn(yields(n / BATCH))).collect();
    for h in handles {
        h.await.unwrap();
    }
}

async fn pingpong(n: usize) {
    let (to, mut from_us) = mpsc::channel::<usize>(1);
    let (back, mut from_them) = mpsc::channel::<usize>(1);
    let echo = tokio::spawn(async move {
        while let Some(v) = from_us.recv().await {
            back.send(v).await.unwrap();
        }
    });
    for i in 0..n {
        to.send(i).await.unwrap();
        assert!(from_them.recv().await == Some(i));
    }
    drop(to);
    echo.await.unwrap();
}

async fn tasks_of_work(n: usize, steps: u32) {
    let mut handles = Vec::with_capacity(n);
    for i in 0..n {
        handles.push(tokio::spawn(async move { black_box(work(steps, i as u64)) }));
    }
    for h in handles {
        h.await.unwrap();
    }
}

async fn latency(n: usize, depth: usize) -> String {
    let mut found: Vec<u64> = Vec::with_capacity(n);
    let mut others = Vec::with_capacity(depth);
    for _ in 0..n {
        for _ in 0..depth {
            others.push(tokio::spawn(async {}));
        }
        let began = Instant::now();
        let h = tokio::spawn(async move { began.elapsed().as_nanos() as u64 });
        found.push(h.await.unwrap());
        for o in others.drain(..) {
            o.await.unwrap();
        }
    }
    found.sort_unstable();
    let at = |share: f64| found[((n - 1) as f64 * share) as usize];
    format!("\"p50_ns\": {}, \"p99_ns\": {}, \"p999_ns\": {}", at(0.5), at(0.99), at(0.999))
}

fn clock_cost() -> f64 {
    let began = Instant::now();
    for _ in 0..100_000 {
        black_box(Instant::now());
    }
    began.elapsed().as_nanos() as f64 / 100_000.0
}

/// What is done before, untimed: a tenth, in whole batches.
fn warm_up(n: usize) -> usize {
    if n < 10 * BATCH {
        n / 10 + 1
    } else {
        n / 10 / BATCH * BATCH
    }
}

fn build(workers: usize, flavor: &str) -> Runtime {
    let mut b = match flavor {
        "current" => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    if flavor != "current" {
        b.worker_threads(workers);
    }
    b.enable_all().build().unwrap()
}

/// Two threads, each with a runtime of its own, that wake one another.
fn wake_parked(n: usize) -> String {
    let (ping, pong) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (ping2, pong2) = (ping.clone(), pong.clone());
    let warm = 100;
    let other = std::thread::spawn(move || {
        pin(1);
        build(1, "current").block_on(async move {
            for _ in 0..n + warm {
                ping2.notified().await;
                pong2.notify_one();
            }
        })
    });
    pin(0);
    let text = build(1, "current").block_on(async move {
        let mut span = Span::begin();
        for i in 0..n + warm {
            if i == warm {
                span = Span::begin();
            }
            ping.notify_one();
            pong.notified().await;
        }
        span.end(n)
    });
    other.join().unwrap();
    text
}

async fn run(name: String, n: usize) -> String {
    let mut text = String::new();
    for count in [warm_up(n), n] {
        let mut more = String::new();
        let span = Span::begin();
        match name.as_str() {
            "spawn" => spawn(count).await,
            "spawn_batch" => spawn_batch(count).await,
            "yield" => yields(count).await,
            "yield_many" => yield_many(count).await,
            "pingpong" => pingpong(count).await,
            "scale" => tasks_of_work(count, WORK_SCALE).await,
            "steal" => tasks_of_work(count, WORK_STEAL).await,
            "latency0" => more = latency(count, 0).await,
            "latency64" => more = latency(count, 64).await,
            _ => {
                eprintln!("rt_tokio: no benchmark is called {}", name);
                std::process::exit(2);
            }
        }
        text = span.end(count);
        if !more.is_empty() {
            text = format!("{}, {}, \"clock_ns\": {:.1}", text, more, clock_cost());
        }
    }
    text
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let number = |i: usize| args.get(i).and_then(|v| v.parse::<usize>().ok()).unwrap_or(0);
    let (n, workers) = (number(2), number(3));
    if args.len() < 4 || n == 0 || workers == 0 {
        eprintln!("usage: rt_tokio NAME OPERATIONS WORKERS [current|multi]");
        std::process::exit(2);
    }
    let name = args[1].clone();
    let flavor = args.get(4).map(String::as_str).unwrap_or("multi").to_string();
    let text = if name == "wake_parked" {
        wake_parked(n)
    } else {
        let name = name.clone();
        build(workers, &flavor).block_on(async move { tokio::spawn(run(name, n)).await.unwrap() })
    };
    println!("{{\"name\": \"{}\", {}}}", name, text);
}
