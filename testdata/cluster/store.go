package main

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
)

// class is the storage class that claims get, and provisioner who fills it.
const (
	class       = "standard"
	provisioner = "testcluster/fake"
)

// stores are what a cloud would give: volumes for claims, addresses for load balancers.
type stores struct {
	client   kubernetes.Interface
	claims   corelisters.PersistentVolumeClaimLister
	volumes  corelisters.PersistentVolumeLister
	services corelisters.ServiceLister
	queues   [3]workqueue.TypedRateLimitingInterface[string]
}

func newStores(client kubernetes.Interface, factory informers.SharedInformerFactory) *stores {
	core := factory.Core().V1()
	s := &stores{client: client, claims: core.PersistentVolumeClaims().Lister(), volumes: core.PersistentVolumes().Lister(), services: core.Services().Lister()}
	for i, informer := range []interface {
		Informer() cache.SharedIndexInformer
	}{core.PersistentVolumeClaims(), core.PersistentVolumes(), core.Services()} {
		s.queues[i] = workqueue.NewTypedRateLimitingQueue(workqueue.NewTypedItemExponentialFailureRateLimiter[string](5*time.Millisecond, time.Second))
		watch(informer.Informer(), s.queues[i])
	}
	return s
}

// start makes the storage class and begins.
func (s *stores) start(ctx context.Context) error {
	now := storagev1.VolumeBindingImmediate
	_, err := s.client.StorageV1().StorageClasses().Create(ctx, &storagev1.StorageClass{
		ObjectMeta:  metav1.ObjectMeta{Name: class, Annotations: map[string]string{"storageclass.kubernetes.io/is-default-class": "true"}},
		Provisioner: provisioner, VolumeBindingMode: &now,
	}, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return err
	}
	for i, look := range []func(context.Context, string, string) (time.Duration, error){s.provision, s.reclaim, s.balance} {
		go work(ctx, s.queues[i], look)
	}
	return nil
}

// provision makes the volume of a claim; the controller manager binds them.
func (s *stores) provision(ctx context.Context, namespace, name string) (time.Duration, error) {
	claim, err := s.claims.PersistentVolumeClaims(namespace).Get(name)
	if err != nil || claim.Spec.VolumeName != "" || claim.DeletionTimestamp != nil {
		return 0, err
	}
	if claim.Spec.StorageClassName == nil || *claim.Spec.StorageClassName != class {
		return 0, nil
	}
	_, err = s.client.CoreV1().PersistentVolumes().Create(ctx, &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: "pvc-" + string(claim.UID), Annotations: map[string]string{"pv.kubernetes.io/provisioned-by": provisioner}},
		Spec: corev1.PersistentVolumeSpec{
			Capacity:         corev1.ResourceList{corev1.ResourceStorage: claim.Spec.Resources.Requests[corev1.ResourceStorage]},
			AccessModes:      claim.Spec.AccessModes,
			VolumeMode:       claim.Spec.VolumeMode,
			StorageClassName: class,
			ClaimRef: &corev1.ObjectReference{
				Kind: "PersistentVolumeClaim", APIVersion: "v1", Namespace: namespace, Name: name, UID: claim.UID,
			},
			PersistentVolumeReclaimPolicy: corev1.PersistentVolumeReclaimDelete,
			PersistentVolumeSource:        corev1.PersistentVolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/nowhere"}},
		},
	}, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return 0, nil
	}
	return 0, err
}

// reclaim deletes a volume whose claim is gone.
func (s *stores) reclaim(ctx context.Context, _, name string) (time.Duration, error) {
	volume, err := s.volumes.Get(name)
	if err != nil || volume.Status.Phase != corev1.VolumeReleased || volume.Annotations["pv.kubernetes.io/provisioned-by"] != provisioner {
		return 0, err
	}
	if volume.Spec.PersistentVolumeReclaimPolicy != corev1.PersistentVolumeReclaimDelete {
		return 0, nil
	}
	return 0, s.client.CoreV1().PersistentVolumes().Delete(ctx, name, metav1.DeleteOptions{})
}

// balance gives a load balancer its address.
func (s *stores) balance(ctx context.Context, namespace, name string) (time.Duration, error) {
	service, err := s.services.Services(namespace).Get(name)
	if err != nil || service.Spec.Type != corev1.ServiceTypeLoadBalancer || len(service.Status.LoadBalancer.Ingress) > 0 {
		return 0, err
	}
	service = service.DeepCopy()
	service.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: "192.0.2.1"}}
	_, err = s.client.CoreV1().Services(namespace).UpdateStatus(ctx, service, metav1.UpdateOptions{})
	return 0, err
}
