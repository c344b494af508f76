{
	"data": "ENC[AES256_GCM,data:M5L7h8PC4j4IZwBk+RKwPUAAK9jCM6iqVK+xDq/N,iv:hCAJfZ3aJjUOZZFsC6xPLdnSpUcQZI5YxHAXRprceOs=,tag:nPZd452njys5OCN86J3rqQ==,type:str]",
	"sops": {
		"age": [
			{
				"enc": "-----BEGIN AGE ENCRYPTED FILE-----\nYWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSBhQkZyMmtQUmJtVjNXejh3\neWZwUWhRTU1Rb1F1S2hMT3A3amMxYW1iekJVClNnSXZieXR5T2NVU0xMb1BHNHRB\ndmhVSldWRnNsN244NU9iSHBIMHQyYUEKLS0tIHJtNkJ0THpCNHNDRkJkUGZtbUoy\nY1ZjTFNlKytRR2JocDI2TkNwZ0RsRzQK6hZYET5SQZg0X2ZXn16Afl9+CJn1Xo4I\n+LL4VrAUCZ1oV6Pjf8QerZA847pEV8Py8jsrmEygh8GqWL6pBqhU2w==\n-----END AGE ENCRYPTED FILE-----\n",
				"recipient": "age1620r9mzc57xkna6lujjsuav7cvvhjn4r8ecqpg6mfs4dals4re2s05tt8x"
			}
		],
		"lastmodified": "2026-11-21T19:36:25Z",
		"mac": "ENC[AES256_GCM,data:16lcHBqFFA41nXRAfXfnqk/4Uzym89qubM00YXtVA0//lk2lxMAOH5TPtLpHn3ckb/jWZbzLSvzWX7PhH1TSO5QPzy034crxG425c4tQoVzP0OB3pP/JHQnEnixLJFg7Da9XhDIBSgBwMYn2Rrwel3BBQdFhs4XcitHifOa/78E=,iv:ul1xpEn5TLdIiuh0cp/AuLAjlGB8sXbgbISI6SHYSrU=,tag:MrUZxlRXEVsm/2IyRmEMhw==,type:str]",
		"version": "3.13.2"
	}
}
