// Command testcluster is a whole Kubernetes in one process on loopback, for tests: etcd, kube-apiserver,
// kube-controller-manager, kube-scheduler and a kubelet that only says what it would have done.
//
//	testcluster [flags]                     start a cluster; see README.md
//	testcluster kubectl ...                 kubectl (also when the program is called kubectl)
//	testcluster proxy SERVER LOG ADDR TOKEN the logging proxy alone, in front of another server
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"k8s.io/component-base/cli"
	"k8s.io/klog/v2"
	kubectl "k8s.io/kubectl/pkg/cmd"
)

// options of a cluster, as typed.
type options struct {
	kubeconfig string
	with       string
	nodes      int
	dir        string
	data       string
	logs       bool
	exitOnEOF  bool
	proxy      bool
	requestLog string
	apiserver  string
}

func main() {
	name := filepath.Base(os.Args[0])
	if name == "kubectl" || len(os.Args) > 1 && os.Args[1] == "kubectl" {
		if name != "kubectl" {
			os.Args = append([]string{"kubectl"}, os.Args[2:]...)
		}
		os.Exit(cli.Run(kubectl.NewDefaultKubectlCommand()))
	}
	if len(os.Args) > 1 && os.Args[1] == "proxy" {
		if len(os.Args) != 6 {
			fmt.Fprintln(os.Stderr, "usage: testcluster proxy SERVER LOG ADDR TOKEN")
			os.Exit(2)
		}
		fail(serveProxy(os.Args[2], os.Args[3], os.Args[4], os.Args[5]))
	}
	var o options
	flag.StringVar(&o.kubeconfig, "kubeconfig", "", "where the kubeconfig goes too, by rename, once everything is ready (default: only admin.kubeconfig in the data folder)")
	flag.StringVar(&o.with, "with", "kcm,scheduler,kubelet", "what runs beside etcd and the API server; none is nothing")
	flag.IntVar(&o.nodes, "nodes", 1, "number of nodes")
	flag.StringVar(&o.dir, "dir", "", "where the data folder is made (default: /dev/shm where it exists)")
	flag.StringVar(&o.data, "data", "", "a data folder that is kept: a cluster that was killed goes on there, on the same port")
	flag.BoolVar(&o.logs, "v", false, "logs of all components on stderr")
	flag.BoolVar(&o.exitOnEOF, "exit-on-eof", false, "stop when stdin is closed")
	flag.BoolVar(&o.proxy, "proxy", false, "start the plain-HTTP proxy, which logs every request to requests.log in the data folder")
	flag.StringVar(&o.requestLog, "request-log", "", "the same, with another file")
	flag.StringVar(&o.apiserver, "apiserver-args", "", "more flags for kube-apiserver, separated by blanks")
	flag.Parse()
	if flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	quieten(o.logs)
	fail(run(o))
}

// quieten sends what the components log nowhere, unless it is wanted.
func quieten(logs bool) {
	if logs {
		return
	}
	flags := flag.NewFlagSet("klog", flag.ContinueOnError)
	klog.InitFlags(flags)
	for name, value := range map[string]string{"logtostderr": "false", "alsologtostderr": "false", "stderrthreshold": "FATAL"} {
		if err := flags.Set(name, value); err != nil {
			fail(err)
		}
	}
	klog.SetOutput(io.Discard)
}

func fail(err error) {
	if err == nil {
		return
	}
	fmt.Printf("FAILED %s\n", strings.ReplaceAll(err.Error(), "\n", " | "))
	os.Exit(1)
}

// run starts a cluster, says so, and stays until it is told to stop.
func run(o options) error {
	stop := make(chan os.Signal, 2)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	if o.exitOnEOF {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			stop <- syscall.SIGTERM
		}()
	}
	dir, err := dataFolder(o)
	if err != nil {
		return err
	}
	tidy := func() {
		if o.kubeconfig != "" {
			_ = os.Remove(o.kubeconfig)
		}
		if o.data == "" {
			_ = os.RemoveAll(dir)
		}
	}
	failures := make(chan error, 8)
	ready := make(chan string, 1)
	go func() {
		line, err := start(context.Background(), o, dir, failures)
		if err != nil {
			failures <- err
			return
		}
		ready <- line
	}()
	for {
		select {
		case line := <-ready:
			fmt.Println(line)
		case err := <-failures:
			tidy()
			return err
		case <-stop:
			// Nothing is worth an orderly end: the data goes too, or etcd's log has it.
			tidy()
			os.Exit(0)
		}
	}
}

// dataFolder makes the folder for etcd, keys and sockets. Sockets bound the length of its path.
func dataFolder(o options) (string, error) {
	if o.data != "" {
		dir, err := filepath.Abs(o.data)
		if err != nil {
			return "", err
		}
		return dir, os.MkdirAll(dir, 0o700)
	}
	dir := o.dir
	if dir == "" {
		if shm, err := os.Stat("/dev/shm"); err == nil && shm.IsDir() {
			dir = "/dev/shm"
		}
	}
	return os.MkdirTemp(dir, "testcluster-")
}

// start brings up one part after the other and answers with the line that says so.
func start(ctx context.Context, o options, dir string, failures chan<- error) (string, error) {
	began := time.Now()
	parts := map[string]bool{}
	for _, part := range strings.Split(o.with, ",") {
		switch part {
		case "kcm", "scheduler", "kubelet":
			parts[part] = true
		case "", "none":
		default:
			return "", fmt.Errorf("-with %s: there is no such part", part)
		}
	}
	identity, err := newIdentity(dir)
	if err != nil {
		return "", err
	}
	endpoint, err := startEtcd(dir, o.logs)
	if err != nil {
		return "", fmt.Errorf("etcd: %w", err)
	}
	plane := plane{dir: dir, identity: identity, parts: parts, failures: failures}
	if err := plane.startAPIServer(ctx, endpoint, strings.Fields(o.apiserver)); err != nil {
		return "", fmt.Errorf("kube-apiserver: %w", err)
	}
	readyz := time.Since(began)
	// Not before the API server is ready: the controller manager gives up after 10 seconds.
	if parts["kcm"] {
		if err := plane.startControllerManager(ctx); err != nil {
			return "", fmt.Errorf("kube-controller-manager: %w", err)
		}
	}
	if parts["scheduler"] {
		if err := plane.startScheduler(ctx); err != nil {
			return "", fmt.Errorf("kube-scheduler: %w", err)
		}
	}
	if parts["kubelet"] {
		if err := startKubelet(ctx, plane, o.nodes); err != nil {
			return "", fmt.Errorf("kubelet: %w", err)
		}
	}
	if err := plane.waitForDefaults(ctx); err != nil {
		return "", err
	}
	line := fmt.Sprintf("READY https://%s readyz=%.1fs all=%.1fs dir=%s", plane.address, readyz.Seconds(), time.Since(began).Seconds(), dir)
	if o.proxy || o.requestLog != "" {
		log := cmp.Or(o.requestLog, filepath.Join(dir, "requests.log"))
		address, err := startProxy(portOf(dir, "proxy-address"), "https://"+plane.address, log, identity.token)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, "proxy-address"), []byte(address), 0o600)
		}
		if err != nil {
			return "", fmt.Errorf("proxy: %w", err)
		}
		line += " proxy=" + address
	}
	if err := linkKubectl(dir); err != nil {
		return "", err
	}
	return line, publish(plane.kubeconfig, o.kubeconfig)
}

// linkKubectl puts this program into bin/ as kubectl.
func linkKubectl(dir string) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(dir, "bin"), 0o700); err != nil {
		return err
	}
	link := filepath.Join(dir, "bin", "kubectl")
	if err := os.Symlink(program, link); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return nil
}

// publish copies a file to its place in one step, so that who sees it sees all of it.
func publish(from, to string) error {
	if to == "" {
		return nil
	}
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.WriteFile(to+".new", text, 0o600); err != nil {
		return err
	}
	return os.Rename(to+".new", to)
}
