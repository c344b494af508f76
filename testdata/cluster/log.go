package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	annotationLog      = "testcluster/log"          // what the containers write; it may grow
	annotationPrevious = "testcluster/previous-log" // what they wrote before they were started again
)

// glance is how often a log that is followed is looked at.
const glance = 150 * time.Millisecond

// serveLogs answers the API server's questions for a container's log: one line that names it, or what
// the pod's annotation says.
func serveLogs(p plane) (int, error) {
	certificate, err := tls.LoadX509KeyPair(p.identity.serving, p.identity.key)
	if err != nil {
		return 0, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /containerLogs/{namespace}/{pod}/{container}", func(w http.ResponseWriter, r *http.Request) {
		container := r.PathValue("container")
		read := func() (*corev1.Pod, error) {
			return p.client.CoreV1().Pods(r.PathValue("namespace")).Get(r.Context(), r.PathValue("pod"), metav1.GetOptions{})
		}
		pod, err := read()
		if err != nil {
			http.Error(w, err.Error(), http.StatusNotFound)
			return
		}
		query := r.URL.Query()
		if query.Get("previous") == "true" && !hadBefore(pod, container) {
			http.Error(w, fmt.Sprintf("previous terminated container %q in pod %q not found", container, pod.Name), http.StatusBadRequest)
			return
		}
		text := written(pod, container, query)
		_, _ = io.WriteString(w, shown(text, query))
		if query.Get("follow") != "true" {
			return
		}
		query.Del("tailLines")
		flush := http.NewResponseController(w)
		for {
			if flush.Flush() != nil || isOver(pod, container) {
				return
			}
			select {
			case <-r.Context().Done():
				return
			case <-time.After(glance):
			}
			if pod, err = read(); err != nil {
				return
			}
			now := written(pod, container, query)
			if more, grown := strings.CutPrefix(now, text); grown {
				_, _ = io.WriteString(w, shown(more, query))
			}
			text = now
		}
	})
	go func() {
		p.failures <- http.Serve(tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{certificate}}), mux)
	}()
	return listener.Addr().(*net.TCPAddr).Port, nil
}

// written is all that a container wrote.
func written(pod *corev1.Pod, container string, query url.Values) string {
	if query.Get("previous") == "true" {
		if text, said := pod.Annotations[annotationPrevious]; said {
			return text
		}
	}
	if text, said := pod.Annotations[annotationLog]; said {
		return text
	}
	return fmt.Sprintf("log of %s/%s/%s\n", pod.Namespace, pod.Name, container)
}

// shown is the part of a text that is wanted, as it is wanted.
func shown(text string, query url.Values) string {
	text = tail(text, query.Get("tailLines"))
	if query.Get("timestamps") != "true" || text == "" {
		return text
	}
	stamp := time.Now().UTC().Format(time.RFC3339Nano) + " "
	ends := strings.HasSuffix(text, "\n")
	text = stamp + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n"+stamp)
	if ends {
		text += "\n"
	}
	return text
}

// hadBefore says whether a container ran before it was started again.
func hadBefore(pod *corev1.Pod, container string) bool {
	one := statusIn(pod, container)
	return one != nil && one.LastTerminationState.Terminated != nil
}

// isOver says whether a container writes no more.
func isOver(pod *corev1.Pod, container string) bool {
	one := statusIn(pod, container)
	return pod.DeletionTimestamp != nil || one != nil && one.State.Running == nil
}

func statusIn(pod *corev1.Pod, container string) *corev1.ContainerStatus {
	if one := find(pod.Status.InitContainerStatuses, container); one != nil {
		return one
	}
	return find(pod.Status.ContainerStatuses, container)
}

// tail keeps the last lines, as many as wanted; all of them where that is no number.
func tail(text, wanted string) string {
	count, err := strconv.Atoi(wanted)
	if err != nil {
		return text
	}
	lines := strings.SplitAfter(strings.TrimSuffix(text, "\n"), "\n")
	end := text[len(strings.TrimSuffix(text, "\n")):]
	return strings.Join(lines[max(0, len(lines)-count):], "") + end
}
