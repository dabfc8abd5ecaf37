// SPDX-License-Identifier: MIT
//
// The benchmarks of the runtime, on Go. See bench/rt.h for what each name means and what is printed.
//
//	rt_go NAME OPERATIONS WORKERS
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

const (
	batch     = 1000
	workScale = 75000
	workSteal = 3000
)

func cpuNs() int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}

// What the threads of this process have been ready for without running.
func waitedNs() (sum int64) {
	paths, _ := filepath.Glob("/proc/self/task/*/schedstat")
	for _, path := range paths {
		text, _ := os.ReadFile(path)
		if fields := strings.Fields(string(text)); len(fields) > 1 {
			v, _ := strconv.ParseInt(fields[1], 10, 64)
			sum += v
		}
	}
	return
}

type span struct {
	waited, cpu int64
	wall        time.Time
}

func begin() span {
	return span{waitedNs(), cpuNs(), time.Now()}
}

func (s span) end(operations int) string {
	wall := time.Since(s.wall).Nanoseconds()
	cpu := cpuNs() - s.cpu
	waited := waitedNs() - s.waited
	n := float64(operations)
	return fmt.Sprintf(`"operations": %d, "wall_ns": %.3f, "cpu_ns": %.3f, "waited": %.5f`,
		operations, float64(wall)/n, float64(cpu)/n, float64(waited)/float64(wall))
}

//go:noinline
func work(steps int, seed uint64) uint64 {
	x := seed | 1
	for ; steps > 0; steps-- {
		x ^= x >> 29
		x *= 0xbf58476d1ce4e5b9
	}
	return x
}

func spawn(n int) {
	var wg sync.WaitGroup
	for i := 0; i < n; i++ {
		wg.Add(1)
		go wg.Done()
		wg.Wait()
	}
}

func spawnBatch(n int) {
	var wg sync.WaitGroup
	for i := 0; i < n/batch; i++ {
		wg.Add(batch)
		for j := 0; j < batch; j++ {
			go wg.Done()
		}
		wg.Wait()
	}
}

func yields(n int) {
	for i := 0; i < n; i++ {
		runtime.Gosched()
	}
}

func yieldMany(n int) {
	var wg sync.WaitGroup
	wg.Add(batch)
	for j := 0; j < batch; j++ {
		go func() {
			yields(n / batch)
			wg.Done()
		}()
	}
	wg.Wait()
}

func pingpong(n int) {
	to, back := make(chan int, 1), make(chan int, 1)
	go func() {
		for v := range to {
			back <- v
		}
	}()
	for i := 0; i < n; i++ {
		to <- i
		if <-back != i {
			panic("another message came back")
		}
	}
	close(to)
}

// Pin the calling thread, the index-th that works, as RT_CORES says.
func pin(index int) {
	cores := strings.Split(os.Getenv("RT_CORES"), ",")
	if index >= len(cores) || cores[index] == "" {
		return
	}
	core, _ := strconv.Atoi(cores[index])
	set := uint64(1) << (core % 64)
	syscall.RawSyscall(syscall.SYS_SCHED_SETAFFINITY, 0, 8, uintptr(unsafe.Pointer(&set)))
}

// Two goroutines, each on a thread of its own.
func wakeParked(n int) string {
	to, back := make(chan int, 1), make(chan int, 1)
	warm := n/10 + 1
	go func() {
		runtime.LockOSThread()
		pin(1)
		for v := range to {
			back <- v
		}
	}()
	runtime.LockOSThread()
	pin(0)
	var s span
	for i := 0; i < n+warm; i++ {
		if i == warm {
			s = begin()
		}
		to <- i
		<-back
	}
	text := s.end(n)
	close(to)
	return text
}

var sink [64]uint64

func tasksOfWork(n, steps int) {
	var wg sync.WaitGroup
	wg.Add(n)
	for i := 0; i < n; i++ {
		go func(i int) {
			if work(steps, uint64(i)) == 0 {
				panic("impossible")
			}
			wg.Done()
		}(i)
	}
	wg.Wait()
}

func latency(n, depth int) string {
	found := make([]int64, 0, n)
	for i := 0; i < n; i++ {
		var wg sync.WaitGroup
		wg.Add(depth + 1)
		for j := 0; j < depth; j++ {
			go wg.Done()
		}
		var took int64
		began := time.Now()
		go func() {
			took = time.Since(began).Nanoseconds()
			wg.Done()
		}()
		wg.Wait()
		found = append(found, took)
	}
	sort.Slice(found, func(i, j int) bool { return found[i] < found[j] })
	at := func(share float64) int64 { return found[int(float64(n-1)*share)] }
	began := time.Now()
	for i := 0; i < 100000; i++ {
		sink[i%64] = uint64(time.Now().Nanosecond())
	}
	cost := float64(time.Since(began).Nanoseconds()) / 100000
	return fmt.Sprintf(`, "p50_ns": %d, "p99_ns": %d, "p999_ns": %d, "clock_ns": %.1f`,
		at(0.5), at(0.99), at(0.999), cost)
}

// What is done before, untimed: a tenth, in whole batches.
func warmUp(n int) int {
	if n < 10*batch {
		return n/10 + 1
	}
	return n / 10 / batch * batch
}

func main() {
	var n, workers int
	if len(os.Args) == 4 {
		n, _ = strconv.Atoi(os.Args[2])
		workers, _ = strconv.Atoi(os.Args[3])
	}
	if n <= 0 || workers <= 0 {
		fmt.Fprintln(os.Stderr, "usage: rt_go NAME OPERATIONS WORKERS")
		os.Exit(2)
	}
	name := os.Args[1]
	runtime.GOMAXPROCS(workers)
	if name == "wake_parked" {
		fmt.Printf("{\"name\": %q, %s}\n", name, wakeParked(n))
		return
	}
	text := ""
	for _, count := range []int{warmUp(n), n} {
		more := ""
		s := begin()
		switch name {
		case "spawn":
			spawn(count)
		case "spawn_batch":
			spawnBatch(count)
		case "yield":
			yields(count)
		case "yield_many":
			yieldMany(count)
		case "pingpong":
			pingpong(count)
		case "scale":
			tasksOfWork(count, workScale)
		case "steal":
			tasksOfWork(count, workSteal)
		case "latency0":
			more = latency(count, 0)
		case "latency64":
			more = latency(count, 64)
		default:
			fmt.Fprintf(os.Stderr, "rt_go: no benchmark is called %s\n", name)
			os.Exit(2)
		}
		text = s.end(count) + more
	}
	fmt.Printf("{\"name\": %q, %s}\n", name, text)
}
