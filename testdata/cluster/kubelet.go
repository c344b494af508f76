package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"
	"k8s.io/client-go/util/workqueue"
)

// kubelet of all nodes.
type kubelet struct {
	client  kubernetes.Interface
	pods    corelisters.PodLister
	queue   workqueue.TypedRateLimitingInterface[string]
	events  record.EventRecorder
	binds   bool // there is no scheduler: pods go to the first node
	lock    sync.Mutex
	seen    map[types.UID]time.Time // when a pod came
	address map[types.UID]string
	last    int
	told    map[types.UID]bool // of whose trouble an event was written
}

// startKubelet makes the nodes, serves logs, and looks after pods, volumes and load balancers.
func startKubelet(ctx context.Context, p plane, nodes int) error {
	port, err := serveLogs(p)
	if err != nil {
		return err
	}
	for i := range nodes {
		if err := makeNode(ctx, p.client, i, port); err != nil {
			return err
		}
	}
	events := record.NewBroadcaster(record.WithContext(ctx))
	events.StartRecordingToSink(&typedcorev1.EventSinkImpl{Interface: p.client.CoreV1().Events("")})
	factory := informers.NewSharedInformerFactory(p.client, 0)
	k := &kubelet{
		client:  p.client,
		pods:    factory.Core().V1().Pods().Lister(),
		queue:   workqueue.NewTypedRateLimitingQueue(workqueue.NewTypedItemExponentialFailureRateLimiter[string](5*time.Millisecond, time.Second)),
		events:  events.NewRecorder(scheme.Scheme, corev1.EventSource{Component: "kubelet", Host: "fake-0"}),
		binds:   !p.parts["scheduler"],
		seen:    map[types.UID]time.Time{},
		address: map[types.UID]string{},
		told:    map[types.UID]bool{},
	}
	watch(factory.Core().V1().Pods().Informer(), k.queue)
	stores := newStores(p.client, factory)
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	for range 8 {
		go work(ctx, k.queue, k.look)
	}
	return stores.start(ctx)
}

// watch puts the keys of objects that change into a queue.
func watch(informer cache.SharedIndexInformer, queue workqueue.TypedRateLimitingInterface[string]) {
	put := func(object any) {
		if key, err := cache.DeletionHandlingMetaNamespaceKeyFunc(object); err == nil {
			queue.Add(key)
		}
	}
	// Only an informer that was stopped refuses.
	_, _ = informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: put, DeleteFunc: put,
		UpdateFunc: func(_, object any) { put(object) },
	})
}

// work takes keys from a queue for ever. What fails comes back later.
func work(ctx context.Context, queue workqueue.TypedRateLimitingInterface[string], look func(ctx context.Context, namespace, name string) (time.Duration, error)) {
	for {
		key, off := queue.Get()
		if off {
			return
		}
		namespace, name, _ := cache.SplitMetaNamespaceKey(key)
		again, err := look(ctx, namespace, name)
		switch {
		case err != nil && !apierrors.IsNotFound(err):
			queue.AddRateLimited(key)
		default:
			queue.Forget(key)
			if again > 0 {
				queue.AddAfter(key, again)
			}
		}
		queue.Done(key)
	}
}

// look does for a pod what is to be done now, and says when to come back.
func (k *kubelet) look(ctx context.Context, namespace, name string) (time.Duration, error) {
	pod, err := k.pods.Pods(namespace).Get(name)
	if err != nil {
		return 0, err
	}
	api := k.client.CoreV1().Pods(namespace)
	if pod.Spec.NodeName == "" {
		if !k.binds || pod.DeletionTimestamp != nil {
			return 0, nil
		}
		return 0, api.Bind(ctx, &corev1.Binding{
			ObjectMeta: metav1.ObjectMeta{Name: name, UID: pod.UID}, Target: corev1.ObjectReference{Kind: "Node", Name: "fake-0"},
		}, metav1.CreateOptions{})
	}
	if pod.DeletionTimestamp != nil {
		if pod.DeletionGracePeriodSeconds != nil && *pod.DeletionGracePeriodSeconds == 0 {
			return 0, nil // finalizers hold it
		}
		err := api.Delete(ctx, name, metav1.DeleteOptions{GracePeriodSeconds: new(int64), Preconditions: metav1.NewUIDPreconditions(string(pod.UID))})
		if apierrors.IsConflict(err) {
			return 0, nil // it is gone, and another has its name
		}
		k.forget(pod.UID)
		return 0, err
	}
	if pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
		return 0, nil
	}
	since, ip := k.meet(pod.UID)
	now := time.Now()
	status, again := statusOf(pod, ip, now.Sub(since), now)
	k.tell(pod, &status)
	if equality.Semantic.DeepEqual(status, pod.Status) {
		return again, nil
	}
	changed := pod.DeepCopy()
	changed.Status = status
	_, err = api.UpdateStatus(ctx, changed, metav1.UpdateOptions{})
	return again, err
}

// meet says when a pod came and which address it has.
func (k *kubelet) meet(uid types.UID) (time.Time, string) {
	k.lock.Lock()
	defer k.lock.Unlock()
	if _, known := k.seen[uid]; !known {
		k.seen[uid] = time.Now()
		k.last++
		k.address[uid] = fmt.Sprintf("10.244.%d.%d", k.last/250%256, k.last%250+2)
	}
	return k.seen[uid], k.address[uid]
}

func (k *kubelet) forget(uid types.UID) {
	k.lock.Lock()
	defer k.lock.Unlock()
	delete(k.seen, uid)
	delete(k.address, uid)
	delete(k.told, uid)
}

// tell writes the events of a pod in trouble, once.
func (k *kubelet) tell(pod *corev1.Pod, status *corev1.PodStatus) {
	k.lock.Lock()
	defer k.lock.Unlock()
	if k.told[pod.UID] {
		return
	}
	for _, one := range append(status.InitContainerStatuses, status.ContainerStatuses...) {
		if one.State.Running != nil && !one.Ready && conductOf(pod, one.Image) == unhealthy {
			k.events.Eventf(pod, corev1.EventTypeWarning, "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503")
			k.told[pod.UID] = true
		}
		if one.State.Waiting == nil {
			continue
		}
		switch one.State.Waiting.Reason {
		case "ImagePullBackOff":
			k.events.Eventf(pod, corev1.EventTypeNormal, "Pulling", "Pulling image %q", one.Image)
			k.events.Eventf(pod, corev1.EventTypeWarning, "Failed", "Failed to pull image %q: %s: not found", one.Image, one.Image)
			k.events.Eventf(pod, corev1.EventTypeWarning, "Failed", "Error: ErrImagePull")
			k.events.Eventf(pod, corev1.EventTypeNormal, "BackOff", "Back-off pulling image %q", one.Image)
			k.told[pod.UID] = true
		case "InvalidImageName":
			k.events.Eventf(pod, corev1.EventTypeWarning, "InspectFailed", "%s", one.State.Waiting.Message)
			k.events.Eventf(pod, corev1.EventTypeWarning, "Failed", "Error: InvalidImageName")
			k.told[pod.UID] = true
		case "CreateContainerConfigError":
			k.events.Eventf(pod, corev1.EventTypeWarning, "Failed", "Error: %s", one.State.Waiting.Message)
			k.told[pod.UID] = true
		case "CrashLoopBackOff":
			k.events.Eventf(pod, corev1.EventTypeWarning, "BackOff", "Back-off restarting failed container %s in pod %s_%s(%s)", one.Name, pod.Name, pod.Namespace, pod.UID)
			k.told[pod.UID] = true
		}
	}
}

// makeNode makes a node that is ready and large.
func makeNode(ctx context.Context, client kubernetes.Interface, number, port int) error {
	name := fmt.Sprintf("fake-%d", number)
	nodes := client.CoreV1().Nodes()
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{
		"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64",
		"topology.kubernetes.io/zone": fmt.Sprintf("zone-%d", number%3),
	}}}
	made, err := nodes.Create(ctx, node, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		made, err = nodes.Get(ctx, name, metav1.GetOptions{})
	}
	if err != nil {
		return err
	}
	room := corev1.ResourceList{
		corev1.ResourceCPU: resource.MustParse("256"), corev1.ResourceMemory: resource.MustParse("1Ti"),
		corev1.ResourcePods: resource.MustParse("10000"), corev1.ResourceEphemeralStorage: resource.MustParse("10Ti"),
	}
	now := metav1.Now()
	made.Status = corev1.NodeStatus{
		Capacity: room, Allocatable: room,
		Addresses:       []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: "127.0.0.1"}, {Type: corev1.NodeHostName, Address: name}},
		Conditions:      []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue, Reason: "KubeletReady", LastHeartbeatTime: now, LastTransitionTime: now}},
		DaemonEndpoints: corev1.NodeDaemonEndpoints{KubeletEndpoint: corev1.DaemonEndpoint{Port: int32(port)}},
		NodeInfo:        corev1.NodeSystemInfo{KubeletVersion: "v1.37.1", OperatingSystem: "linux", Architecture: "amd64", ContainerRuntimeVersion: "fake://1"},
	}
	_, err = nodes.UpdateStatus(ctx, made, metav1.UpdateOptions{})
	return err
}
