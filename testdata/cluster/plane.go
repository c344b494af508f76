package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"go.etcd.io/etcd/server/v3/embed"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	cliflag "k8s.io/component-base/cli/flag"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	apiserveroptions "k8s.io/kubernetes/cmd/kube-apiserver/app/options"
	manager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	manageroptions "k8s.io/kubernetes/cmd/kube-controller-manager/app/options"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	scheduleroptions "k8s.io/kubernetes/cmd/kube-scheduler/app/options"
)

// patience with a start: machines that run tests may be busy.
const patience = 120 * time.Second

// plane is the control plane while it comes up. The components run through their option sets and not
// through their commands, which want the process's signals for themselves.
type plane struct {
	dir        string
	identity   identity
	parts      map[string]bool
	failures   chan<- error
	address    string
	kubeconfig string
	config     *rest.Config
	client     kubernetes.Interface
}

func base64Text(text []byte) string { return base64.StdEncoding.EncodeToString(text) }

// startEtcd runs a store of one member over sockets in `dir` and answers with its endpoint.
func startEtcd(dir string, logs bool) (string, error) {
	// In Host, the blanks and slashes of a socket's path would be escaped.
	socket := func(name string) url.URL { return url.URL{Scheme: "unix", Path: filepath.Join(dir, name)} }
	for _, name := range []string{"client.sock", "peer.sock"} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", err
		}
	}
	client, peer := socket("client.sock"), socket("peer.sock")
	config := embed.NewConfig()
	config.Dir = filepath.Join(dir, "etcd")
	config.ListenClientUrls, config.AdvertiseClientUrls = []url.URL{client}, []url.URL{client}
	config.ListenPeerUrls, config.AdvertisePeerUrls = []url.URL{peer}, []url.URL{peer}
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	// Alone, it elects itself; the usual second is for others.
	config.TickMs, config.ElectionMs = 10, 100
	config.UnsafeNoFsync = true
	config.LogLevel = "panic"
	if logs {
		config.LogLevel = "warn"
	}
	server, err := embed.StartEtcd(config)
	if err != nil {
		return "", err
	}
	select {
	case <-server.Server.ReadyNotify():
		return client.String(), nil
	case err := <-server.Err():
		return "", err
	case <-time.After(patience):
		return "", errors.New("not ready")
	}
}

// parse gives flags to an option set.
func parse(name string, sets cliflag.NamedFlagSets, arguments []string) error {
	flags := pflag.NewFlagSet(name, pflag.ContinueOnError)
	for _, set := range sets.FlagSets {
		flags.AddFlagSet(set)
	}
	return flags.Parse(arguments)
}

// portOf is the address that a kept cluster had, or any.
func portOf(dir, file string) string {
	if text, err := os.ReadFile(filepath.Join(dir, file)); err == nil {
		return string(text)
	}
	return "127.0.0.1:0"
}

// listen opens the port of the API server.
func (p *plane) listen() (net.Listener, error) {
	listener, err := net.Listen("tcp", portOf(p.dir, "address"))
	if err != nil {
		return nil, err
	}
	p.address = listener.Addr().String()
	return listener, os.WriteFile(filepath.Join(p.dir, "address"), []byte(p.address), 0o600)
}

func (p *plane) startAPIServer(ctx context.Context, etcd string, more []string) error {
	listener, err := p.listen()
	if err != nil {
		return err
	}
	options := apiserveroptions.NewServerRunOptions()
	off := []string{}
	if !p.parts["kcm"] {
		// Nobody makes service accounts.
		off = append(off, "ServiceAccount")
	}
	// Nobody takes the taint of a new node away.
	off = append(off, "TaintNodesByCondition")
	arguments := append([]string{
		"--etcd-servers=" + etcd,
		"--bind-address=127.0.0.1",
		"--secure-port=" + strconv.Itoa(listener.Addr().(*net.TCPAddr).Port),
		"--advertise-address=127.0.0.1",
		"--endpoint-reconciler-type=none",
		"--tls-cert-file=" + p.identity.serving,
		"--tls-private-key-file=" + p.identity.key,
		"--token-auth-file=" + p.identity.tokens,
		"--authorization-mode=RBAC",
		"--service-cluster-ip-range=10.96.0.0/16",
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + p.identity.accounts,
		"--service-account-signing-key-file=" + p.identity.accounts,
		"--kubelet-preferred-address-types=InternalIP",
		"--allow-privileged=true",
		"--profiling=false",
		"--disable-admission-plugins=" + strings.Join(off, ","),
	}, more...)
	if err := parse("kube-apiserver", options.Flags(), arguments); err != nil {
		return err
	}
	// An open listener leaves nobody a chance to take the port.
	options.SecureServing.Listener = listener
	if err := options.GenericServerRunOptions.ComponentGlobalsRegistry.Set(); err != nil {
		return err
	}
	rest.SetDefaultWarningHandler(rest.NoWarnings{})
	completed, err := options.Complete(ctx)
	if err != nil {
		return err
	}
	if errs := completed.Validate(); len(errs) > 0 {
		return utilerrors.NewAggregate(errs)
	}
	if err := p.connect(); err != nil {
		return err
	}
	ended := p.run("kube-apiserver", func() error { return apiserver.Run(ctx, completed) })
	return p.poll(ended, func() error {
		return p.client.Discovery().RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
	})
}

// connect writes the administrator's kubeconfig and makes a client of it.
func (p *plane) connect() error {
	text, err := p.identity.kubeconfig("https://" + p.address)
	if err != nil {
		return err
	}
	p.kubeconfig = filepath.Join(p.dir, "admin.kubeconfig")
	if err := os.WriteFile(p.kubeconfig, []byte(text), 0o600); err != nil {
		return err
	}
	if p.config, err = clientcmd.BuildConfigFromFlags("", p.kubeconfig); err != nil {
		return err
	}
	// Many tests at once are the rule here.
	p.config.QPS, p.config.Burst = 1000, 2000
	p.client, err = kubernetes.NewForConfig(p.config)
	return err
}

func (p *plane) startControllerManager(ctx context.Context) error {
	options, err := manageroptions.NewKubeControllerManagerOptions()
	if err != nil {
		return err
	}
	all, off, aliases := manager.KnownControllers(), manager.ControllersDisabledByDefault(), manager.ControllerAliases()
	sets := options.Flags(all, off, aliases)
	err = parse("kube-controller-manager", sets, []string{
		"--kubeconfig=" + p.kubeconfig,
		"--secure-port=0",
		"--leader-elect=false",
		"--root-ca-file=" + p.identity.authority,
		"--service-account-private-key-file=" + p.identity.accounts,
		"--kube-api-qps=1000",
		"--kube-api-burst=2000",
		// Nodes never fail, and volumes are words.
		"--controllers=*,-node-ipam-controller,-node-lifecycle-controller,-taint-eviction-controller," +
			"-device-taint-eviction-controller,-persistentvolume-attach-detach-controller,-persistentvolume-expander-controller",
	})
	if err != nil {
		return err
	}
	options.ParsedFlags = &sets
	config, err := options.Config(ctx, all, off, aliases)
	if err != nil {
		return err
	}
	p.run("kube-controller-manager", func() error { return manager.Run(ctx, config.Complete()) })
	return nil
}

func (p *plane) startScheduler(ctx context.Context) error {
	options := scheduleroptions.NewOptions()
	err := parse("kube-scheduler", *options.Flags, []string{
		"--kubeconfig=" + p.kubeconfig,
		"--secure-port=0",
		"--leader-elect=false",
		"--kube-api-qps=1000",
		"--kube-api-burst=2000",
	})
	if err != nil {
		return err
	}
	config, made, err := scheduler.Setup(ctx, options)
	if err != nil {
		return err
	}
	p.run("kube-scheduler", func() error { return scheduler.Run(ctx, config, made) })
	return nil
}

// run starts a component; its end, which nobody asked for, is a failure. The channel has the same error.
func (p *plane) run(name string, body func() error) <-chan error {
	ended := make(chan error, 1)
	go func() {
		err := body()
		if err == nil {
			err = errors.New("ended")
		}
		ended <- err
		p.failures <- fmt.Errorf("%s: %w", name, err)
	}()
	return ended
}

// poll asks until the answer is no error.
func (p *plane) poll(ended <-chan error, ask func() error) error {
	var last error
	for end := time.Now().Add(patience); time.Now().Before(end); {
		if last = ask(); last == nil {
			return nil
		}
		select {
		case err := <-ended:
			return err
		case <-time.After(20 * time.Millisecond):
		}
	}
	return fmt.Errorf("not ready: %w", last)
}

// waitForDefaults waits for what every namespace has: then the controllers work.
func (p *plane) waitForDefaults(ctx context.Context) error {
	return p.poll(nil, func() error {
		if !p.parts["kcm"] {
			return nil
		}
		if _, err := p.client.CoreV1().ServiceAccounts("default").Get(ctx, "default", metav1.GetOptions{}); err != nil {
			return err
		}
		_, err := p.client.CoreV1().ConfigMaps("default").Get(ctx, "kube-root-ca.crt", metav1.GetOptions{})
		return err
	})
}
