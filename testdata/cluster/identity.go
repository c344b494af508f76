package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// identity is what a cluster is known by: its authority, its certificate, its keys and the token of
// its administrator. Files hold it, because flags name files.
type identity struct {
	authority string // PEM, the authority alone
	serving   string // certificate of the API server and of the kubelet
	key       string // its key
	accounts  string // key that signs the tokens of service accounts
	tokens    string // token file of the API server
	token     string
}

// newIdentity reads the identity of a kept folder, or makes a new one.
func newIdentity(dir string) (identity, error) {
	in := func(name string) string { return filepath.Join(dir, name) }
	id := identity{authority: in("ca.crt"), serving: in("server.crt"), key: in("server.key"), accounts: in("sa.key"), tokens: in("tokens.csv")}
	if token, err := os.ReadFile(in("token")); err == nil {
		id.token = string(token)
		return id, nil
	}
	random := make([]byte, 16)
	if _, err := rand.Read(random); err != nil {
		return id, err
	}
	id.token = hex.EncodeToString(random)
	if err := id.certify(); err != nil {
		return id, err
	}
	accounts, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return id, err
	}
	if err := writeKey(id.accounts, accounts); err != nil {
		return id, err
	}
	line := fmt.Sprintf("%s,admin,admin,system:masters\n", id.token)
	if err := os.WriteFile(id.tokens, []byte(line), 0o600); err != nil {
		return id, err
	}
	// Last, for its presence says that the rest is there.
	return id, os.WriteFile(in("token"), []byte(id.token), 0o600)
}

// certify makes an authority and one certificate for everything that listens here. The authority's
// file must not hold the leaf too: it is published as the cluster's root certificate.
func (id identity) certify() error {
	now := time.Now()
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "testcluster-ca"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(10, 0, 0),
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature, BasicConstraintsValid: true, IsCA: true,
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "testcluster"},
		NotBefore: authority.NotBefore, NotAfter: authority.NotAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:    []string{"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv4(10, 96, 0, 1)},
	}
	authorityKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	leafKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	for _, one := range []struct {
		path     string
		template *x509.Certificate
		key      *ecdsa.PrivateKey
	}{{id.authority, authority, authorityKey}, {id.serving, leaf, leafKey}} {
		der, err := x509.CreateCertificate(rand.Reader, one.template, authority, &one.key.PublicKey, authorityKey)
		if err != nil {
			return err
		}
		text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
		if err := os.WriteFile(one.path, text, 0o600); err != nil {
			return err
		}
	}
	return writeKey(id.key, leafKey)
}

func writeKey(path string, key *ecdsa.PrivateKey) error {
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}), 0o600)
}

// kubeconfig is the administrator's, for a server.
func (id identity) kubeconfig(server string) (string, error) {
	authority, err := os.ReadFile(id.authority)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf(`apiVersion: v1
kind: Config
current-context: testcluster
clusters:
- name: testcluster
  cluster:
    server: %s
    certificate-authority-data: %s
contexts:
- name: testcluster
  context: {cluster: testcluster, user: admin}
users:
- name: admin
  user:
    token: %s
`, server, base64Text(authority), id.token), nil
}
