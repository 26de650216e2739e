/** Node's own types of fetch leave this name out; the generated client uses it. */
type BodyInit = NonNullable<RequestInit['body']>;
