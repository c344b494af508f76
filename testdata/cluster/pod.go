package main

import (
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// What a pod's life is steered by.
const (
	annotationDo    = "testcluster/do"    // fail, crash, notready, ...: for all containers
	annotationDelay = "testcluster/delay" // postpones ready and done
)

// brief is how long a pod runs that is to end.
const brief = 100 * time.Millisecond

// conduct is how a container behaves.
type conduct string

const (
	fine      conduct = ""
	fails     conduct = "fail"      // its image cannot be pulled; where it is to end, it ends with 1
	crashes   conduct = "crash"     // ends again and again
	notReady  conduct = "notready"  // runs for ever and is never ready
	hangs     conduct = "hang"      // never ends
	unhealthy conduct = "unhealthy" // as notready, and its probe is told to fail
	noConfig  conduct = "noconfig"  // what its environment is to come from is not there
	badName   conduct = "badname"   // its image's name is none
)

// conductOf reads the pod's annotation, else the words in the last path element of the image.
func conductOf(pod *corev1.Pod, image string) conduct {
	known := func(word string) bool {
		switch conduct(word) {
		case fails, crashes, notReady, hangs, unhealthy, noConfig, badName:
			return true
		}
		return false
	}
	if do := pod.Annotations[annotationDo]; known(do) {
		return conduct(do)
	}
	words := strings.FieldsFunc(image[strings.LastIndex(image, "/")+1:], func(r rune) bool {
		return r == ':' || r == '@' || r == '-' || r == '_' || r == '.'
	})
	for _, word := range words {
		if known(word) {
			return conduct(word)
		}
	}
	return fine
}

// life computes a pod's status from its words and its age.
type life struct {
	pod     *corev1.Pod
	age     time.Duration
	now     metav1.Time
	oneShot bool
	delay   time.Duration
	// again is when to look at the pod the next time; zero is never.
	again time.Duration
}

// statusOf is what a kubelet would say of a pod that it has had for `age`, and when to ask again.
func statusOf(pod *corev1.Pod, ip string, age time.Duration, now time.Time) (corev1.PodStatus, time.Duration) {
	l := life{pod: pod, age: age, now: metav1.NewTime(now)}
	l.oneShot = pod.Spec.RestartPolicy != corev1.RestartPolicyAlways
	// A delay that is none is none.
	l.delay, _ = time.ParseDuration(pod.Annotations[annotationDelay])
	status := *pod.Status.DeepCopy()
	if status.StartTime == nil {
		status.StartTime = &l.now
	}
	status.HostIP, status.PodIP, status.PodIPs = "127.0.0.1", ip, []corev1.PodIP{{IP: ip}}

	status.InitContainerStatuses = nil
	initialized, broken := true, false
	for _, container := range pod.Spec.InitContainers {
		was := find(pod.Status.InitContainerStatuses, container.Name)
		one := l.describe(container, was)
		behaviour := conductOf(pod, container.Image)
		sidecar := container.RestartPolicy != nil && *container.RestartPolicy == corev1.ContainerRestartPolicyAlways
		switch {
		case !initialized:
			one.State.Waiting = &corev1.ContainerStateWaiting{Reason: "PodInitializing"}
		case sidecar:
			l.serve(&one, was, behaviour)
			initialized = one.State.Running != nil
		case behaviour == fine || behaviour == notReady:
			l.end(&one, was, 0)
			one.Ready = true
		case behaviour == hangs:
			l.run(&one, was)
			initialized = false
		case l.oneShot:
			l.end(&one, was, 1)
			initialized, broken = false, true
		default:
			l.serve(&one, was, behaviour)
			initialized = false
		}
		status.InitContainerStatuses = append(status.InitContainerStatuses, one)
	}

	status.ContainerStatuses = nil
	ready, running, ended, failed := initialized, 0, 0, broken
	for _, container := range pod.Spec.Containers {
		was := find(pod.Status.ContainerStatuses, container.Name)
		one := l.describe(container, was)
		if !initialized {
			one.State.Waiting = &corev1.ContainerStateWaiting{Reason: "PodInitializing"}
		} else {
			l.advance(&one, was, conductOf(pod, container.Image))
		}
		ready = ready && one.Ready
		switch {
		case one.State.Running != nil || one.RestartCount > 0:
			running++
		case one.State.Terminated != nil:
			ended++
			failed = failed || one.State.Terminated.ExitCode != 0
		}
		status.ContainerStatuses = append(status.ContainerStatuses, one)
	}

	completed := false
	switch {
	case broken || ended == len(pod.Spec.Containers) && failed:
		status.Phase = corev1.PodFailed
	case ended == len(pod.Spec.Containers):
		status.Phase, completed = corev1.PodSucceeded, true
	case running > 0:
		status.Phase = corev1.PodRunning
	default:
		status.Phase = corev1.PodPending
	}
	finished := status.Phase == corev1.PodFailed || completed
	if finished {
		l.again = 0
	}
	set := func(kind corev1.PodConditionType, truth bool, reason string) {
		l.condition(&status, kind, truth, reason)
	}
	notReadyReason := "ContainersNotReady"
	if completed {
		notReadyReason = "PodCompleted"
	} else if finished {
		notReadyReason = "PodFailed"
	}
	initReason := "ContainersNotInitialized"
	if completed {
		initReason = "PodCompleted"
	}
	set(corev1.PodInitialized, initialized, initReason)
	set(corev1.ContainersReady, ready, notReadyReason)
	for _, gate := range pod.Spec.ReadinessGates {
		if ready && !holds(status.Conditions, gate.ConditionType) {
			ready, notReadyReason = false, "ReadinessGatesNotReady"
		}
	}
	set(corev1.PodReady, ready, notReadyReason)
	return status, l.again
}

// describe is what does not change in a container's life.
func (l *life) describe(container corev1.Container, was *corev1.ContainerStatus) corev1.ContainerStatus {
	one := corev1.ContainerStatus{Name: container.Name, Image: container.Image, ImageID: "fake://" + container.Image, Started: new(bool)}
	if was != nil {
		one.LastTerminationState = was.LastTerminationState
	}
	return one
}

// advance is the life of a main container.
func (l *life) advance(one *corev1.ContainerStatus, was *corev1.ContainerStatus, behaviour conduct) {
	if !l.oneShot {
		l.serve(one, was, behaviour)
		return
	}
	if behaviour == crashes && l.pod.Spec.RestartPolicy == corev1.RestartPolicyOnFailure ||
		behaviour == noConfig || behaviour == badName {
		l.serve(one, was, behaviour)
		return
	}
	length := max(brief, l.delay)
	isNeverReady := behaviour == notReady || behaviour == unhealthy
	if behaviour == hangs || isNeverReady || l.wait(length) {
		l.run(one, was)
		one.Ready = !isNeverReady
		return
	}
	code := int32(0)
	if behaviour == fails || behaviour == crashes {
		code = 1
	}
	l.end(one, was, code)
}

// serve is the life of a container that is to run for ever.
func (l *life) serve(one *corev1.ContainerStatus, was *corev1.ContainerStatus, behaviour conduct) {
	switch behaviour {
	case fails:
		one.ImageID = ""
		one.State.Waiting = &corev1.ContainerStateWaiting{
			Reason: "ImagePullBackOff", Message: fmt.Sprintf("Back-off pulling image %q: ErrImagePull: %s: not found", one.Image, one.Image),
		}
	case crashes:
		one.RestartCount = 3
		one.State.Waiting = &corev1.ContainerStateWaiting{
			Reason:  "CrashLoopBackOff",
			Message: fmt.Sprintf("back-off 40s restarting failed container=%s pod=%s_%s(%s)", one.Name, l.pod.Name, l.pod.Namespace, l.pod.UID),
		}
		if one.LastTerminationState.Terminated == nil {
			one.LastTerminationState.Terminated = l.terminated(one, l.now, 1)
		}
	case noConfig:
		one.State.Waiting = &corev1.ContainerStateWaiting{
			Reason: "CreateContainerConfigError", Message: fmt.Sprintf("secret %q not found", settingsOf(l.pod)),
		}
	case badName:
		one.ImageID = ""
		one.State.Waiting = &corev1.ContainerStateWaiting{
			Reason:  "InvalidImageName",
			Message: fmt.Sprintf("Failed to apply default image tag %q: couldn't parse image name %q: invalid reference format", one.Image, one.Image),
		}
	default:
		waits := l.wait(l.delay)
		l.run(one, was)
		one.Ready = !waits && behaviour != notReady && behaviour != unhealthy
	}
}

// settingsOf is the name of the first Secret that a pod's environment comes from.
func settingsOf(pod *corev1.Pod) string {
	for _, container := range pod.Spec.Containers {
		for _, variable := range container.Env {
			if variable.ValueFrom != nil && variable.ValueFrom.SecretKeyRef != nil {
				return variable.ValueFrom.SecretKeyRef.Name
			}
		}
	}
	return "settings"
}

// wait says whether a time is still to come, and has the pod looked at then.
func (l *life) wait(length time.Duration) bool {
	left := length - l.age
	if left <= 0 {
		return false
	}
	if l.again == 0 || left < l.again {
		l.again = left
	}
	return true
}

func (l *life) id(one *corev1.ContainerStatus) string {
	return fmt.Sprintf("fake://%s%s", l.pod.UID, one.Name)
}

func (l *life) run(one *corev1.ContainerStatus, was *corev1.ContainerStatus) {
	started := l.now
	if was != nil && was.State.Running != nil {
		started = was.State.Running.StartedAt
	}
	*one.Started = true
	one.ContainerID = l.id(one)
	one.State.Running = &corev1.ContainerStateRunning{StartedAt: started}
}

func (l *life) end(one *corev1.ContainerStatus, was *corev1.ContainerStatus, code int32) {
	one.ContainerID = l.id(one)
	if was != nil && was.State.Terminated != nil && was.State.Terminated.ExitCode == code {
		one.State.Terminated = was.State.Terminated
		return
	}
	started := l.now
	if was != nil && was.State.Running != nil {
		started = was.State.Running.StartedAt
	}
	one.State.Terminated = l.terminated(one, started, code)
}

func (l *life) terminated(one *corev1.ContainerStatus, started metav1.Time, code int32) *corev1.ContainerStateTerminated {
	reason := "Completed"
	if code != 0 {
		reason = "Error"
	}
	return &corev1.ContainerStateTerminated{ExitCode: code, Reason: reason, StartedAt: started, FinishedAt: l.now, ContainerID: l.id(one)}
}

// condition sets one, and keeps since when it holds.
func (l *life) condition(status *corev1.PodStatus, kind corev1.PodConditionType, truth bool, reason string) {
	want := corev1.PodCondition{Type: kind, Status: corev1.ConditionTrue, LastTransitionTime: l.now}
	if !truth {
		want.Status, want.Reason = corev1.ConditionFalse, reason
	}
	for i, have := range status.Conditions {
		if have.Type == kind {
			if have.Status == want.Status {
				want.LastTransitionTime = have.LastTransitionTime
			}
			status.Conditions[i] = want
			return
		}
	}
	status.Conditions = append(status.Conditions, want)
}

func holds(conditions []corev1.PodCondition, kind corev1.PodConditionType) bool {
	for _, condition := range conditions {
		if condition.Type == kind {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

func find(statuses []corev1.ContainerStatus, name string) *corev1.ContainerStatus {
	for i := range statuses {
		if statuses[i].Name == name {
			return &statuses[i]
		}
	}
	return nil
}
