module telemetry.sandbox/operator-crds

go 1.26.0

tool telemetry.sandbox/operator-crds

require github.com/prometheus-operator/prometheus-operator v0.93.1
