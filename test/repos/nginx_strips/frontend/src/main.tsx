import { client } from "./client";

client({ baseUrl: `${window.location.origin}/api` });
