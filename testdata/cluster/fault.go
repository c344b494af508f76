package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"sync"
	"time"
)

// faultsPath is where tests ask the proxy for trouble: POST a fault, DELETE ?user=NAME to end all of a user.
const faultsPath = "/testcluster/faults"

// fault is trouble that the proxy makes for requests of one user. What is empty fits everything.
type fault struct {
	User   string
	Method string
	Path   string // a regular expression
	// Skip lets that many requests pass that fit; Times is how many are troubled then, 0 being all.
	Skip, Times int
	// Delay comes before anything else, a number with a unit.
	Delay string
	// Code, Headers and Body are the answer in place of the server's.
	Code    int
	Headers map[string]string
	Body    string
	// Cut closes the connection: before the server is asked, or ("after") once it has done its work.
	Cut string

	path  *regexp.Regexp
	delay time.Duration
}

// faults are those that hold.
type faults struct {
	lock sync.Mutex
	list []*fault
}

// control is the tests' side.
func (f *faults) control(w http.ResponseWriter, r *http.Request) {
	f.lock.Lock()
	defer f.lock.Unlock()
	switch r.Method {
	case http.MethodPost:
		one := &fault{}
		err := json.NewDecoder(r.Body).Decode(one)
		if err == nil {
			one.path, err = regexp.Compile(one.Path)
		}
		if err == nil && one.Delay != "" {
			one.delay, err = time.ParseDuration(one.Delay)
		}
		if err == nil && one.Cut != "" && one.Cut != "before" && one.Cut != "after" {
			err = fmt.Errorf("cut %q: before or after", one.Cut)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		f.list = append(f.list, one)
	case http.MethodDelete:
		user, kept := r.URL.Query().Get("user"), []*fault{}
		for _, one := range f.list {
			if one.User != user {
				kept = append(kept, one)
			}
		}
		f.list = kept
	default:
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// find takes the first fault that a request is to meet.
func (f *faults) find(user string, r *http.Request) *fault {
	f.lock.Lock()
	defer f.lock.Unlock()
	for i, one := range f.list {
		if one.User != "" && one.User != user || one.Method != "" && one.Method != r.Method || !one.path.MatchString(r.URL.Path) {
			continue
		}
		if one.Skip > 0 {
			one.Skip--
			continue
		}
		if one.Times == 1 {
			f.list = append(f.list[:i:i], f.list[i+1:]...)
		} else if one.Times > 1 {
			one.Times--
		}
		return one
	}
	return nil
}

// trouble does to a request what a fault says. `serve` asks the server; it is not called where the
// server is to hear nothing.
func (f *fault) trouble(w http.ResponseWriter, r *http.Request, serve func(http.ResponseWriter)) {
	select {
	case <-time.After(f.delay):
	case <-r.Context().Done():
		return
	}
	switch {
	case f.Cut == "before":
		panic(http.ErrAbortHandler)
	case f.Cut == "after":
		serve(&deaf{header: http.Header{}})
		panic(http.ErrAbortHandler)
	case f.Code != 0:
		for name, value := range f.Headers {
			w.Header().Set(name, value)
		}
		w.WriteHeader(f.Code)
		_, _ = w.Write([]byte(f.Body))
	default:
		serve(w)
	}
}

// deaf takes an answer that nobody gets.
type deaf struct{ header http.Header }

func (d *deaf) Header() http.Header             { return d.header }
func (d *deaf) WriteHeader(int)                 {}
func (d *deaf) Write(bytes []byte) (int, error) { return len(bytes), nil }
