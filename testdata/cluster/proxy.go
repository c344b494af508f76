package main

import (
	"bytes"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"sync"
	"time"
)

// request is one line of the log: what a client asked and what it was answered. Reads have no body
// here; a body that is not JSON (protobuf) is in B64.
type request struct {
	Seq    int64
	User   string // who is impersonated: tests are told apart by it
	UA     string
	Method string
	Path   string
	Query  string
	CT     string
	Accept string
	Body   string
	B64    string
	T      float64
	Code   int
}

// recorder writes the log.
type recorder struct {
	lock sync.Mutex
	last int64
	file *os.File
}

func (r *recorder) write(one request) {
	r.lock.Lock()
	defer r.lock.Unlock()
	r.last++
	one.Seq = r.last
	// The log is all that the proxy is for: without it, better no answer.
	if err := json.NewEncoder(r.file).Encode(one); err != nil {
		fail(err)
	}
}

// startProxy serves plain HTTP on `at` in front of `server` in the name of `token` and answers with its address.
func startProxy(at, server, log, token string) (string, error) {
	to, err := url.Parse(server)
	if err != nil {
		return "", err
	}
	file, err := os.Create(log)
	if err != nil {
		return "", err
	}
	listener, err := net.Listen("tcp", at)
	if err != nil {
		return "", err
	}
	recorder := &recorder{file: file}
	proxy := httputil.NewSingleHostReverseProxy(to)
	proxy.FlushInterval = -1
	proxy.Transport = &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 64}
	faults := &faults{}
	handler := func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == faultsPath {
			faults.control(w, r)
			return
		}
		one, err := read(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		r.Header.Set("Authorization", "Bearer "+token)
		// Logged before the client sees the answer, so that who waits for the client has the whole log.
		serve := func(w http.ResponseWriter) {
			proxy.ServeHTTP(&answer{ResponseWriter: w, before: func(code int) {
				one.Code = code
				recorder.write(one)
			}}, r)
		}
		if fault := faults.find(one.User, r); fault != nil {
			fault.trouble(w, r, serve)
			return
		}
		serve(w)
	}
	go func() { fail(http.Serve(listener, http.HandlerFunc(handler))) }()
	return listener.Addr().String(), nil
}

// serveProxy is the proxy alone; its address goes to a file.
func serveProxy(server, log, addressFile, token string) error {
	address, err := startProxy("127.0.0.1:0", server, log, token)
	if err != nil {
		return err
	}
	if err := os.WriteFile(addressFile, []byte(address), 0o600); err != nil {
		return err
	}
	select {}
}

// read notes a request, and gives its body back to it.
func read(r *http.Request) (request, error) {
	one := request{
		User: r.Header.Get("Impersonate-User"), UA: r.UserAgent(), Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery,
		CT: r.Header.Get("Content-Type"), Accept: r.Header.Get("Accept"), T: float64(time.Now().UnixMicro()) / 1e6,
	}
	if r.Method == http.MethodGet || r.Body == nil {
		return one, nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return one, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if json.Valid(body) {
		one.Body = string(body)
	} else if len(body) > 0 {
		one.B64 = base64.StdEncoding.EncodeToString(body)
	}
	return one, nil
}

// answer tells the code of an answer just before it is sent.
type answer struct {
	http.ResponseWriter
	before func(code int)
	told   bool
}

func (a *answer) WriteHeader(code int) {
	if code >= 200 && !a.told {
		a.told = true
		a.before(code)
	}
	a.ResponseWriter.WriteHeader(code)
}

func (a *answer) Write(bytes []byte) (int, error) {
	if !a.told {
		a.WriteHeader(http.StatusOK)
	}
	return a.ResponseWriter.Write(bytes)
}

// Unwrap lets the reverse proxy flush and hijack.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
