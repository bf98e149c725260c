package simulator

import (
	"fmt"
	"net/http"
	"strings"
)

// problem is the body of an error, ErrorBody in the Platform API.
type problem struct {
	Message           string            `json:"message"`
	Code              string            `json:"code"`
	Status            int               `json:"status"`
	MessageWithParams string            `json:"messageWithParams,omitempty"`
	MessageParams     map[string]string `json:"messageParams"`
	ContextID         string            `json:"contextId"`
	Details           []struct{}        `json:"details"`
	Errors            []struct{}        `json:"errors"`
	Limit             *limit            `json:"limit,omitempty"`
}

// limit is a limit of the organisation, Limit in the Platform API.
type limit struct {
	Key       string `json:"key"`
	Namespace string `json:"namespace"`
	Value     int    `json:"value"`
}

// fail answers with an error.
func fail(status int, code, message string) reply {
	return failWith(problem{Status: status, Code: code, Message: message})
}

// failWith answers with an error that says more than its message.
func failWith(p problem) reply {
	if p.MessageParams == nil {
		p.MessageParams = map[string]string{}
	}
	p.Details, p.Errors = []struct{}{}, []struct{}{}
	return reply{status: p.Status, contentType: "application/json", problem: &p}
}

// refuse is fail for those that answer only if something is wrong.
func refuse(status int, code, message string) *reply {
	r := fail(status, code, message)
	return &r
}

// badValue refuses a value, in the words of the Platform API.
func badValue(value, field, allowed string) *reply {
	return refuse(http.StatusBadRequest, "invalid.query.param.value",
		fmt.Sprintf("Value [%s] is not valid for parameter [%s]. Allowable values are: %s", value, field, allowed))
}

// constraint refuses what breaks a rule that has no code of its own.
func constraint(message string) *reply {
	return refuse(http.StatusBadRequest, "constraint.validation", message)
}

// notFound is what the API answers for most things that do not exist.
func notFound() reply {
	return fail(http.StatusNotFound, "not.found", "The requested resource was not found.")
}

// forbidden names the permissions that the client lacks.
func (d demand) forbidden(missing []string) *reply {
	code := "missing.permissions"
	message := "Unable to perform the requested action. You are missing the following permission(s): "
	if d.any && len(d.permissions) > 1 {
		code = "missing.any.permissions"
		message = "Unable to perform the requested action. You must have at least one of the following permissions assigned: "
	}
	list := "[" + strings.Join(missing, ", ") + "]"
	r := failWith(problem{
		Status:            http.StatusForbidden,
		Code:              code,
		Message:           message + list,
		MessageWithParams: message + "{permissions}",
		MessageParams:     map[string]string{"permissions": list},
	})
	return &r
}
